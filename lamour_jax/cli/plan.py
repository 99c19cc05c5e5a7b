"""`lamour plan`: does a recovery reward lead anywhere? Looked for by planning, without learning."""

import argparse
import json
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np

from envs.base import RecoveryEnv
from lamour_jax.cli import common
from lamour_jax.cli.outcome import check_start
from lamour_jax.cli.policies import policy_for
from lamour_jax.cli.rewards import add_reward_arguments, load_reward, provide_rewards
from lamour_jax.compilation import Announced
from lamour_jax.errors import UserError
from lamour_jax.files import write_arrays, write_json
from lamour_jax.planning import (
    REPLANNED_AFTER,
    PlannedEpisodes,
    Planner,
    make_planner,
    plan_episodes,
)
from lamour_jax.policy import Policy
from lamour_jax.presets import learner_config
from lamour_jax.recovery import make_rule

SHOWN_AFTER = 20  # control steps


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_env_argument(parser)
    parser.add_argument(
        "--policy",
        type=Path,
        help="the original policy, which goes on from recovered states; the shipped one if left"
        " out",
    )
    add_reward_arguments(parser, "are tried one after another")
    parser.add_argument(
        "--start", default="ood", help="where episodes begin: ood or battery (fallen poses)"
    )
    parser.add_argument("--episodes", type=int, default=4, help="how many, side by side")
    parser.add_argument("--steps", type=int, default=200, help="control steps of each")
    parser.add_argument(
        "--video", action="store_true", help="also write the quickest recovery as video.mp4"
    )
    parser.add_argument("--json", action="store_true", help="print the measures as JSON")
    parser.add_argument("--seed", type=int, default=1, help="of starts and of the search")
    common.add_physics_argument(parser)
    common.add_out_argument(parser)


def run(options: argparse.Namespace) -> int:
    common.set_up()
    with common.progress_apart(options.json):
        measures = plan(
            env=options.env,
            policy=options.policy,
            reward=options.reward,
            candidates=options.candidates,
            start=options.start,
            episodes=options.episodes,
            steps=options.steps,
            video=options.video,
            seed=options.seed,
            physics=options.physics,
            out=options.out,
        )
    print(json.dumps(measures, indent=2) if options.json else describe(measures))
    return 0


def plan(
    *,
    env: str,
    policy: Path | None = None,
    reward: Sequence[Path] = (),
    candidates: int = 1,
    start: str = "ood",
    episodes: int = 4,
    steps: int = 200,
    video: bool = False,
    seed: int = 1,
    physics: str = "auto",
    out: Path | None = None,
) -> dict[str, Any]:
    """Looks for recoveries by planning with reward programs (`lamour_jax.planning`).

    A way up shows that the reward leads there. It need not be easy to learn, nor is a reward bad
    because a planner, which looks ahead for a second or two, found none.

    Args:
      env: the robot.
      policy: the original policy, a file or a run folder; the shipped one by default.
      reward: reward code or folders that hold it; the recorded answers by default.
      candidates: how many recorded answers to take.
      start: where episodes begin: "ood" or "battery".
      episodes: how many, side by side.
      steps: control steps of each.
      video: film the quickest recovery of each program.
      out: where metrics.json, the episodes (NAME.npz: qpos, qvel, action, [steps, episodes, ...])
        and films go; runs/... by default.

    Returns the measures, as in metrics.json.

    Raises:
      UserError: bad input, or a video asked for where nothing can be drawn.
    """
    _check(start, episodes, steps)
    robot = common.make_env(env, start, physics)
    original, path = policy_for(robot, policy, env)
    folder = common.output_folder(out, "plan", env)
    measures: dict[str, Any] = {
        "robot": robot.name,
        "policy": path,
        "start": start,
        "physics": robot.backend,
        "seed": seed,
        "episodes": episodes,
        "rewards": {},
    }
    with tempfile.TemporaryDirectory() as temporary:
        rewards = provide_rewards(reward, candidates, env, Path(temporary) / "reward")
        for name, place in rewards.items():
            planned = plan_aloud(_planner(robot, original, place), name, episodes, steps, seed)
            folder.mkdir(parents=True, exist_ok=True)
            taken = planned.steps
            arrays = {"qpos": taken.qpos, "qvel": taken.qvel, "action": taken.action}
            write_arrays(folder / f"{name}.npz", arrays)
            measures["rewards"][name] = _measured(planned, has_end=robot.has_end)
            write_json(folder / "metrics.json", measures)
            if video and measures["rewards"][name]["recovered"]:
                film_path = folder / ("video.mp4" if len(rewards) == 1 else f"{name}.mp4")
                measures["rewards"][name]["video"] = _film(robot, planned, film_path)
                write_json(folder / "metrics.json", measures)
    return {**measures, "folder": str(folder)}


def _check(start: str, episodes: int, steps: int) -> None:
    """Raises UserError where these make no sense."""
    check_start(start)
    for option, value in (("--episodes", episodes), ("--steps", steps)):
        if value < 1:
            raise UserError(f"{option} must be at least 1, not {value}")


def _planner(robot: RecoveryEnv, original: Policy, reward: Path) -> Planner:
    rule = make_rule("lamour", [load_reward(reward)])
    return make_planner(robot, rule, learner_config("sac", robot.name, "fast").aux_coef, original)


def plan_aloud(
    planner: Planner, name: str, episodes: int, steps: int, seed: int
) -> PlannedEpisodes:
    """`plan_episodes` by the reward called `name`, with what it does printed."""
    tried = planner.num_candidates * planner.num_rounds
    print(
        f"planning {episodes} episodes with {name}: {tried} ways of {planner.horizon} control"
        f" steps tried for every {REPLANNED_AFTER} taken ...",
        flush=True,
    )

    def tell(taken: int, healthy: np.ndarray) -> None:
        if taken % SHOWN_AFTER < REPLANNED_AFTER:
            print(f"  step {taken} of {steps}: {healthy.sum()} of {episodes} healthy", flush=True)

    announced = partial(Announced, "the planner")
    return plan_episodes(planner, jax.random.key(seed), episodes, steps, tell, announced)


def _measured(planned: PlannedEpisodes, *, has_end: bool) -> dict[str, Any]:
    recovered = planned.recovered_at >= 0
    times = planned.recovered_at[recovered]
    accomplished = {"accomplished": int(planned.accomplished.sum())} if has_end else {}
    return {
        "recovered": int(recovered.sum()),
        **accomplished,
        "time_to_recovery": float(np.median(times)) if times.size else None,
        "recovered_at": planned.recovered_at.tolist(),
        "lengths": planned.lengths.tolist(),
    }


def _film(robot: RecoveryEnv, planned: PlannedEpisodes, path: Path) -> str:
    from lamour_jax.report.video import film

    at = planned.recovered_at
    quickest = int(np.argmin(np.where(at >= 0, at, np.iinfo(at.dtype).max)))
    qpos = planned.steps.qpos[: planned.lengths[quickest], quickest]
    with common.films_explained(path.parent):
        return str(film(robot, qpos, path))


def describe(measures: dict[str, Any]) -> str:
    """The lines that matter."""
    lines = [
        f"{measures['robot']}, {measures['episodes']} planned episodes from {measures['start']}"
        f" starts ({measures['physics']} physics):"
    ]
    for name, found in measures["rewards"].items():
        time = found["time_to_recovery"]
        after = "" if time is None else f", after {time:.0f} control steps"
        if "accomplished" in found:
            after += f"; {found['accomplished']} did the task"
        lines.append(f"  {name}  {found['recovered']} of {measures['episodes']} recovered{after}")
    if not any(found["recovered"] for found in measures["rewards"].values()):
        lines.append("  no way up was found: try more --steps or --episodes, or another reward")
    return "\n".join([*lines, f"  in {measures['folder']}"])
