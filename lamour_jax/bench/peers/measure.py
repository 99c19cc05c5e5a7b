"""Ours and each peer in turns."""

import importlib.util
import sys
from collections.abc import Callable, Sequence
from typing import Any

from lamour_jax.bench import physics, training
from lamour_jax.bench.peers.catalogue import BENCH_EXTRA, GYMNASIUM, PEERS, PeerSpec
from lamour_jax.bench.peers.process import Peer, PeerError
from lamour_jax.bench.subject import Subject
from lamour_jax.bench.table import Row, Table, measured
from lamour_jax.bench.timing import Rate, in_turns
from lamour_jax.config import sac_config

PART = "peers"
UNIT = "control steps/s"
PATIENCE = 300.0  # seconds that a peer may take for imports and compilation

Ours = Callable[[PeerSpec], tuple[str, Rate] | None]  # our counterpart, with its name


def measure(subject: Subject, engine: str, budget: float, table: Table) -> None:
    """Adds a row for each peer, and one for ours as measured in turns with it.

    Args:
      engine: of our robots.
      budget: seconds for each measurement.
    """
    ours = _Ours(subject, engine)
    for spec in PEERS:
        if spec.module != "brax_trainers" and subject.robot not in GYMNASIUM:
            complain(spec, subject.robot, "Gymnasium has no such robot", table)
        else:
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
    if importlib.util.find_spec(spec.package) is None:
        complain(spec, robot, f"not installed, to be had with: {BENCH_EXTRA}", table)
        return
    counterpart = ours(spec)
    print(f"  starting {spec.name} ...", flush=True)
    try:
        with Peer(command, patience) as peer:
            rates = {spec.name: peer.rate, **dict([counterpart] if counterpart else [])}
            samples = in_turns(rates, budget)
    except PeerError as error:
        complain(spec, robot, str(error), table)
        return
    sizes: dict[str, Any] = {"robot": robot, "num_envs": spec.num_envs}
    theirs = samples[spec.name]
    table.add(Row(PART, spec.name, **sizes, **measured(theirs, UNIT)))
    if counterpart:
        name = counterpart[0]
        table.add(Row(PART, name, **sizes, **measured(samples[name], UNIT, (spec.name, theirs))))


def complain(spec: PeerSpec, robot: str, why: str, table: Table) -> None:
    """A row for a peer that could not be measured."""
    table.add(Row(PART, spec.name, robot=robot, num_envs=spec.num_envs, note=f"skipped: {why}"))


class _Ours:
    """Our counterparts, compiled when first asked for and kept."""

    def __init__(self, subject: Subject, engine: str):
        self._subject = subject
        self._engine = engine
        self._made: dict[tuple[str, int], Rate] = {}

    def __call__(self, spec: PeerSpec) -> tuple[str, Rate] | None:
        if not spec.against:
            return None
        key = spec.against, spec.num_envs
        if key not in self._made:
            self._made[key] = self._make(*key)
        return f"ours, {spec.against}", self._made[key]

    def _make(self, against: str, num_envs: int) -> Rate:
        env = self._subject.make_env(self._engine)
        if against == "environment":
            return physics.environment(self._subject, env, num_envs)[0]
        config = sac_config(
            env.name,
            "paper",
            num_envs=num_envs,
            hidden_sizes=self._subject.original.hidden_sizes,
        )
        return training.whole(self._subject, env, config).rate
