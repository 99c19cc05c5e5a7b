"""`lamour evaluate`: whole episodes with the deterministic policy."""

import argparse
import json
from pathlib import Path
from typing import Any

import jax

from envs.base import RecoveryEnv
from lamour_jax.cli import common
from lamour_jax.cli.policies import policy_for
from lamour_jax.cli.training import Evaluator
from lamour_jax.errors import UserError
from lamour_jax.evaluation import EVALUATION_SEED
from lamour_jax.files import write_json
from lamour_jax.policy import Policy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "policy",
        nargs="?",
        type=Path,
        help="a run folder or a policy file; the robot's shipped original policy if left out",
    )
    common.add_env_argument(parser)
    parser.add_argument(
        "--start", default="ood", help="where episodes begin: ood, battery or normal"
    )
    parser.add_argument("--exact", action="store_true", help="the published start without noise")
    parser.add_argument("--episodes", type=int, default=64, help="how many")
    parser.add_argument("--video", action="store_true", help="also write the first as video.mp4")
    parser.add_argument("--json", action="store_true", help="print the measures as JSON")
    parser.add_argument("--seed", type=int, default=EVALUATION_SEED, help="of the starts")
    common.add_physics_argument(parser)
    common.add_out_argument(parser)


def run(options: argparse.Namespace) -> int:
    common.set_up()
    with common.progress_apart(options.json):
        measures = evaluate(
            options.policy,
            env=options.env,
            start=options.start,
            exact=options.exact,
            episodes=options.episodes,
            video=options.video,
            seed=options.seed,
            physics=options.physics,
            out=options.out,
        )
    print(json.dumps(measures, indent=2) if options.json else describe(measures))
    return 0


def evaluate(
    policy: Path | None = None,
    *,
    env: str,
    start: str = "ood",
    exact: bool = False,
    episodes: int = 64,
    video: bool = False,
    seed: int = EVALUATION_SEED,
    physics: str = "auto",
    out: Path | None = None,
) -> dict[str, Any]:
    """Plays `episodes` and returns their measures (see docs: success_rate, return, ...).

    Args:
      policy: a run folder, a policy file, or None for the shipped original policy.
      exact: leave out the noise that evaluation adds to a start without any.
      out: where metrics.json and the video go; runs/... by default.

    Raises:
      UserError: bad input, or a video asked for where nothing can be drawn.
    """
    if episodes < 1:
        raise UserError(f"--episodes must be at least 1, not {episodes}")
    if exact and start != "ood":
        raise UserError(f"--exact is the published start: it goes with --start ood, not {start}")
    robot = common.make_env(env, start, physics, evaluation=not exact)
    loaded, path = policy_for(robot, policy, env)
    play = Evaluator(robot, loaded.network, episodes)
    measures = {
        "robot": robot.name,
        "policy": path,
        "start": start,
        "physics": robot.backend,
        "seed": seed,
        **play(loaded.params, jax.random.key(seed)),
    }
    folder = common.output_folder(out, "evaluate", env, start)
    write_json(folder / "metrics.json", measures)
    if video:
        measures["video"] = _film(robot, loaded, folder, seed)
        write_json(folder / "metrics.json", measures)
    return measures


def _film(robot: RecoveryEnv, policy: Policy, folder: Path, seed: int) -> str:
    from lamour_jax.report.video import record_episode

    with common.films_explained(folder):
        return str(record_episode(robot, policy, folder / "video.mp4", seed))


def describe(measures: dict[str, Any]) -> str:
    """The lines that matter."""
    lines = [
        f"{measures['robot']}, {measures['episodes']} episodes from {measures['start']} starts"
        f" ({measures['physics']} physics):",
        f"  success_rate      {measures['success_rate']:.3f}",
        f"  return            {measures['return']:.0f} (standard deviation"
        f" {measures['return_std']:.0f})",
        _describe_failures(measures) if measures["start"] == "normal" else _describe_time(measures),
    ]
    if measures["broken"]:
        lines.append(f"  broken            {measures['broken']} simulations blew up")
    return "\n".join(lines)


def _describe_time(measures: dict[str, Any]) -> str:
    time = measures["time_to_recovery"]
    return "  time_to_recovery  " + ("never" if time is None else f"{time:.0f} control steps")


def _describe_failures(measures: dict[str, Any]) -> str:
    failed = round(measures["episodes"] * (1 - measures["success_rate"]))
    others = measures["return_of_successes"]
    rest = "" if others is None else f"; the return of the others is {others:.0f}"
    return f"  failed            {failed} episodes{rest}"
