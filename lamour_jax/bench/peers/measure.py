"""Ours and each peer in turns."""

import dataclasses
import importlib.util
import sys
from collections.abc import Callable, Sequence
from typing import Any

from lamour_jax.bench import physics, training
from lamour_jax.bench.peers import brax_trainers
from lamour_jax.bench.peers.catalogue import BENCH_EXTRA, GYMNASIUM, PEERS, PeerSpec
from lamour_jax.bench.peers.process import Peer, PeerError
from lamour_jax.bench.subject import Subject
from lamour_jax.bench.table import Row, Table, measured
from lamour_jax.bench.timing import Rate, in_turns
from lamour_jax.config import LearnerConfig
from lamour_jax.presets import ppo_config, sac_config

PART = "peers"
UNIT = "control steps/s"
PATIENCE = 300.0  # seconds that a peer may take for imports and compilation
WHOLE_METHOD = "ours"  # with reward program and consolidation, and SAC with the paper's dropout
LIKE_FOR_LIKE = "ours, without LPC"  # without any of them, as the peers

Ours = Callable[[PeerSpec], dict[str, Rate]]  # our counterparts by their names


def measure(subject: Subject, engine: str, budget: float, table: Table) -> None:
    """Adds a row for each peer, and one for each of ours as measured in turns with it.

    Args:
      engine: of our robots.
      budget: seconds for each measurement.
    """
    ours = _Ours(subject, engine)
    for spec in PEERS:
        row = _row(spec, subject.robot)
        if spec.module != "brax_trainers" and subject.robot not in GYMNASIUM:
            table.skip(row, "Gymnasium has no such robot")
            continue
        with table.attempt(row):
            compare(spec, command(spec, subject.robot), ours, subject.robot, budget, table)


def command(spec: PeerSpec, robot: str) -> list[str]:
    """What starts a peer's process."""
    module = f"{__package__}.{spec.module}"
    return [sys.executable, "-m", module, *spec.arguments, robot]


def compare(
    spec: PeerSpec,
    command: Sequence[str],
    ours: Ours,
    robot: str,
    budget: float,
    table: Table,
    patience: float = PATIENCE,
) -> None:
    """Measures one peer; whatever goes wrong with it becomes its row."""
    row = _row(spec, robot)
    if importlib.util.find_spec(spec.package) is None:
        table.skip(row, f"not installed, to be had with: {BENCH_EXTRA}")
        return
    counterparts = ours(spec)
    print(f"  starting {spec.name} ...", flush=True)
    try:
        with Peer(command, patience) as peer:
            samples = in_turns({spec.name: peer.rate, **counterparts}, budget)
    except PeerError as error:
        table.skip(row, str(error))
        return
    for name, sample in samples.items():
        held_against = (spec.name, samples[spec.name]) if name in counterparts else None
        table.add(dataclasses.replace(row, what=name, **measured(sample, UNIT, held_against)))


def _row(spec: PeerSpec, robot: str) -> Row:
    return Row(PART, spec.name, robot=robot, num_envs=spec.num_envs)


class _Ours:
    """Our counterparts, compiled when first asked for and kept."""

    def __init__(self, subject: Subject, engine: str):
        self._subject = subject
        self._engine = engine
        self._made: dict[tuple[str, int], dict[str, Rate]] = {}

    def __call__(self, spec: PeerSpec) -> dict[str, Rate]:
        key = spec.against, spec.num_envs
        if key not in self._made:
            self._made[key] = self._make(*key)
        return self._made[key]

    def _make(self, against: str, num_envs: int) -> dict[str, Rate]:
        subject = self._subject
        env = subject.make_env(self._engine)
        if against == "environment":
            return {WHOLE_METHOD: physics.environment(subject, env, num_envs)[0].rate}
        whole, plain = _settings(against, subject, num_envs)
        return {
            WHOLE_METHOD: training.whole(subject, env, whole).control_steps,
            LIKE_FOR_LIKE: training.whole(subject, env, plain, subject.plain_rule).control_steps,
        }


def _settings(against: str, subject: Subject, num_envs: int) -> tuple[LearnerConfig, LearnerConfig]:
    """Our settings of a peer's shape: LaMOuR as it is, and without what the peer has not."""
    sizes: dict[str, Any] = {"num_envs": num_envs, "hidden_sizes": subject.original.hidden_sizes}
    config: LearnerConfig
    if against == "sac":
        config = sac_config(subject.robot, "paper", **sizes)
        return config, dataclasses.replace(config, consol_coef=0.0, dropout_rate=0.0)
    rollout = brax_trainers.PPO_BATCH * brax_trainers.PPO_MINIBATCHES * brax_trainers.PPO_LENGTH
    config = ppo_config(
        subject.robot,
        "fast",
        unroll_length=rollout // num_envs,
        num_minibatches=brax_trainers.PPO_MINIBATCHES,
        num_epochs=brax_trainers.PPO_PASSES,
        **sizes,
    )
    return config, dataclasses.replace(config, consol_coef=0.0, anchor_batch_size=0)
