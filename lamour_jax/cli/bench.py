"""`lamour bench`: throughput here, against the engines' limits and against peers."""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax

import envs
from envs.base import RecoveryEnv
from envs.physics import ENGINES, available_engines, resolve_engine
from lamour_jax.bench import learner, machine, physics, training
from lamour_jax.bench.peers import measure as peers
from lamour_jax.bench.plot import save_plot
from lamour_jax.bench.subject import Subject
from lamour_jax.bench.table import Table
from lamour_jax.cli import common
from lamour_jax.cli.generate import generate
from lamour_jax.cli.policies import policy_for, shipped_policy
from lamour_jax.cli.rewards import load_reward
from lamour_jax.errors import UserError
from lamour_jax.networks import Actor
from lamour_jax.policy import Policy, policy_from_params
from lamour_jax.recovery import make_rule

PARTS = ("physics", "learner", "training", "peers")
UNTRAINED_SIZES = (256, 256)  # of the policy where none is shipped


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--env", default="half_cheetah", help=f"the robot: {', '.join(envs.names())}"
    )
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=list(PARTS), help="what to measure"
    )
    parser.add_argument(
        "--num-envs", type=int, nargs="+", default=[], help="robots; each engine's own if left out"
    )
    parser.add_argument(
        "--physics",
        nargs="+",
        default=[],
        help=f"engines of the part physics, of {', '.join(ENGINES)}; those installed if left out",
    )
    parser.add_argument(
        "--policy",
        type=Path,
        help="the original policy; the shipped one if left out, an untrained one where none is",
    )
    parser.add_argument("--budget", type=float, default=2.0, help="seconds for each measurement")
    parser.add_argument(
        "--cached",
        action="store_true",
        help="take compiled programs from the cache; compilation is not timed then",
    )
    parser.add_argument("--json", action="store_true", help="print the table as JSON at the end")
    common.add_out_argument(parser)


def run(options: argparse.Namespace) -> int:
    common.set_up()
    with common.progress_apart(options.json):
        found, folder = bench(
            env=options.env,
            parts=options.parts,
            num_envs=options.num_envs,
            engines=options.physics,
            policy=options.policy,
            budget=options.budget,
            cached=options.cached,
            out=options.out,
        )
    print(json.dumps(found, indent=2) if options.json else f"written to {folder}")
    return 0


def bench(
    *,
    env: str = "half_cheetah",
    parts: Sequence[str] = PARTS,
    num_envs: Sequence[int] = (),
    engines: Sequence[str] = (),
    policy: Path | None = None,
    budget: float = 2.0,
    cached: bool = False,
    out: Path | None = None,
) -> tuple[dict[str, Any], Path]:
    """Measures, and writes bench.json and bench.csv after each row, bench.png after each part.

    What cannot be measured is a row that says why.

    Args:
      env: the robot.
      parts: some of PARTS.
      num_envs: numbers of robots for the physics; the engines' own by default.
      engines: whose physics is measured; all that are installed by default.
      policy: the original policy, a file or a run folder; by default the shipped one, or an
        untrained one: what it does matters little to throughput.
      budget: seconds for each measurement, compilation apart.
      cached: take programs from the compilation cache.
      out: the folder.

    Returns what bench.json holds, and the folder.

    Raises:
      UserError: no such robot, engine or policy, or numbers out of range.
    """
    if budget <= 0:
        raise UserError(f"--budget must be more than 0 seconds, not {budget}")
    if any(count < 1 for count in num_envs):
        raise UserError("--num-envs: at least 1 robot")
    if unknown := sorted(set(engines) - set(ENGINES)):
        raise UserError(f"--physics: no engine {unknown[0]!r}, choose of {', '.join(ENGINES)}")
    jax.config.update("jax_enable_compilation_cache", cached)
    engines = engines or available_engines()
    subject, default = _subject(env, policy), resolve_engine("auto")
    folder = common.output_folder(out, "bench", env)
    table = Table(machine.describe(), folder)
    print(machine.in_words(table.machine), flush=True)
    measurements = {
        "physics": lambda: physics.measure(subject, engines, num_envs, budget, table),
        "learner": lambda: learner.measure(subject, default, budget, table),
        "training": lambda: training.measure(subject, default, budget, table),
        "peers": lambda: peers.measure(subject, default, budget, table),
    }
    began = time.monotonic()
    for part in PARTS:
        if part not in parts:
            continue
        measurements[part]()
        table.machine |= machine.memory() | {"seconds": time.monotonic() - began}
        table.write()
        save_plot(folder / "bench.png", table.rows, f"{env}, {machine.in_words(table.machine)}")
    return table.to_json(), folder


def _subject(robot: str, policy: Path | None) -> Subject:
    with tempfile.TemporaryDirectory() as temporary:
        program = load_reward(generate(env=robot, out=Path(temporary) / "reward")[0].folder)
    return Subject(
        robot=robot,
        make_env=lambda engine: common.make_env(robot, "ood", engine),
        rule=make_rule("lamour", [program]),
        plain_rule=make_rule("sac_zero"),
        original=_original(common.make_env(robot, "ood", "auto"), policy),
    )


def _original(env: RecoveryEnv, policy: Path | None) -> Policy:
    if policy is not None or shipped_policy(env.name) is not None:
        return policy_for(env, policy)[0]
    print(f"no original policy of {env.name} is shipped: an untrained one stands in for it")
    obs = jax.numpy.zeros((1, env.observation_size))
    params = Actor(env.action_size, UNTRAINED_SIZES).init(jax.random.key(0), obs)
    return policy_from_params(env.name, params, {"made for": "lamour bench"})
