"""`lamour recover`: fine-tune an original policy until it recovers."""

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import Any

import jax

from lamour_jax.cli import common
from lamour_jax.cli.check import read_answer, verdict_on
from lamour_jax.cli.generate import generate
from lamour_jax.cli.training import Evaluator, Task, run_training
from lamour_jax.config import SACConfig, TrainConfig, recovery_updates, sac_config, to_json
from lamour_jax.errors import UserError
from lamour_jax.evaluation import EVALUATION_SEED
from lamour_jax.lvlm.transcript import BEHAVIOR_REASONING, OOD_DESCRIPTION
from lamour_jax.policy import Policy, load_policy, save_policy
from lamour_jax.recovery import METHODS, make_rule
from lamour_jax.report.html import write_report
from lamour_jax.rewardcode import RewardCodeError, load_program, save_artefact
from lamour_jax.runs import Run, claim_folder, create_run, machine
from lamour_jax.types import Params, RewardFunctions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env", help="the robot (not needed with --resume)")
    parser.add_argument(
        "--policy", type=Path, help="the original policy; the shipped one if left out"
    )
    parser.add_argument(
        "--reward",
        type=Path,
        help="reward code (.py) or a folder of `lamour generate` or `check`; recorded if left out",
    )
    parser.add_argument("--method", default="lamour", help=", ".join(METHODS))
    parser.add_argument("--preset", default="fast", help="settings: fast or paper")
    parser.add_argument("--updates", type=int, help="gradient updates; the preset's if left out")
    parser.add_argument("--num-envs", type=int, help="robots; the preset's if left out")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="a run for each")
    parser.add_argument("--resume", action="store_true", help="continue the run in --out")
    common.add_physics_argument(parser)
    common.add_out_argument(parser)


def run(options: argparse.Namespace) -> int:
    common.set_up()
    if options.resume:
        outcomes = [resume(options.out)]
    else:
        if options.env is None:
            raise UserError("which robot? give --env")
        outcomes = [recover_seed(options, seed) for seed in options.seeds]
    for outcome in outcomes:
        print(describe(outcome))
    return 0


def recover_seed(options: argparse.Namespace, seed: int) -> dict[str, Any]:
    folder = common.output_folder(options.out, "recover", options.env)
    return recover(
        env=options.env,
        policy=options.policy,
        reward=options.reward,
        method=options.method,
        preset=options.preset,
        updates=options.updates,
        num_envs=options.num_envs,
        seed=seed,
        physics=options.physics,
        out=folder if len(options.seeds) == 1 else folder / f"seed-{seed}",
    )


def recover(
    *,
    env: str,
    policy: Path | None = None,
    reward: Path | None = None,
    method: str = "lamour",
    preset: str = "fast",
    updates: int | None = None,
    num_envs: int | None = None,
    seed: int = 1,
    physics: str = "auto",
    out: Path | None = None,
    stop_at: float | None = None,
) -> dict[str, Any]:
    """Fine-tunes a policy from OOD starts, evaluates it, and writes a run folder with a report.

    Args:
      stop_at: end early once an evaluation succeeds in at least 95% of its episodes with this
        fraction of the original policy's return from normal starts.

    Returns the outcome, as in the run's metrics.json.

    Raises:
      UserError: bad input, refused reward code, or the run was interrupted.
    """
    if method not in METHODS:
        raise UserError(f"unknown method {method!r}: choose one of {', '.join(METHODS)}")
    robot = common.make_env(env, "ood", physics)
    original, _ = common.policy_for(robot, policy)
    settings = common.user_settings(
        TrainConfig,
        num_updates=recovery_updates(env, preset) if updates is None else updates,
        seed=seed,
    )
    sac = common.user_settings(
        sac_config,
        robot=env,
        preset=preset,
        num_envs=num_envs,
        hidden_sizes=original.hidden_sizes,
    )
    config = {
        "kind": "recover",
        "robot": env,
        "method": method,
        "preset": preset,
        "physics": robot.backend,
        "observation_size": robot.observation_size,
        "action_size": robot.action_size,
        "stop_at": stop_at,
        "sac": to_json(sac),
        "train": to_json(settings),
        "machine": machine(),
    }
    folder = common.output_folder(out, "recover", env)
    claim_folder(folder)
    with tempfile.TemporaryDirectory() as temporary:
        # Before the run exists: refused reward code leaves nothing behind.
        rewards = Path(temporary) / "reward"
        if method == "lamour":
            _provide_reward(reward, env, rewards)
        opened = create_run(folder, config)
        if method == "lamour":
            shutil.copytree(rewards, folder / "reward")
    try:
        save_policy(opened.folder / "original.msgpack", original)
        return _train_and_judge(opened, resuming=False)
    finally:
        opened.close()


def resume(folder: Path | None) -> dict[str, Any]:
    """Continues an interrupted run from its last checkpoint, with the settings that it had.

    Raises:
      UserError: there is nothing to continue.
    """
    opened = common.open_run(folder, "recover")
    try:
        return _train_and_judge(opened, resuming=True)
    finally:
        opened.close()


def _train_and_judge(run: Run, *, resuming: bool) -> dict[str, Any]:
    config = run.config
    sac = SACConfig.from_json(config["sac"])
    settings = TrainConfig(**config["train"])
    arena = _Arena(config["robot"], config["physics"], settings.final_eval_episodes)
    training = common.make_env(
        run.robot, "ood", config["physics"], normal_fraction=sac.normal_start_fraction
    )
    original = load_policy(
        run.folder / "original.msgpack",
        robot=run.robot,
        observation_size=config["observation_size"],
        action_size=config["action_size"],
    )
    print(f"the original policy of {run.robot}:", flush=True)
    before = arena.judge(original, original.params)
    print(
        f"  return {before['normal']['return']:.0f} from normal starts, success rate"
        f" {before['ood']['success_rate']:.0%} from OOD starts",
        flush=True,
    )
    task = Task(
        env=training,
        eval_env=arena.ood,
        rule=make_rule(config["method"], _program(run)),
        original=original,
        good_enough=_goal(config["stop_at"], before["normal"]["return"]),
    )
    params = run_training(task, sac, settings, run, resume=resuming)
    after = arena.judge(original, params)
    outcome = {
        "robot": run.robot,
        "method": config["method"],
        "preset": config["preset"],
        "seed": settings.seed,
        "physics": config["physics"],
        "success_rate": after["ood"]["success_rate"],
        "return": after["ood"]["return"],
        "time_to_recovery": after["ood"]["time_to_recovery"],
        "retention": after["normal"]["return"] / before["normal"]["return"],
        "seconds": round(run.seconds, 1),
        "original": before,
        "recovered": after,
    }
    run.finish(outcome)
    print(f"writing the report to {run.folder / 'report.html'} ...", flush=True)
    write_report(run.folder, arena.ood)
    return {**outcome, "folder": str(run.folder)}


class _Arena:
    """Where a run's policies are judged on fresh episodes."""

    def __init__(self, robot: str, physics: str, num_episodes: int):
        self.ood = common.make_env(robot, "ood", physics, evaluation=True)
        self._places = {"ood": self.ood, "normal": common.make_env(robot, "normal", physics)}
        exact = common.make_env(robot, "ood", physics)
        if exact.start != self.ood.start:
            self._places["ood_exact"] = exact
        self._num_episodes = num_episodes
        self._evaluators: dict[str, Evaluator] = {}

    def judge(self, policy: Policy, params: Params) -> dict[str, Any]:
        """Measures of deterministic episodes, by kind of start."""
        key = jax.random.key(EVALUATION_SEED)
        for place, env in self._places.items():
            if place not in self._evaluators:
                # One exact start leads to one and the same episode.
                count = 1 if place == "ood_exact" else self._num_episodes
                self._evaluators[place] = Evaluator(env, policy.network, count)
        return {place: play(params, key) for place, play in self._evaluators.items()}


def _goal(stop_at: float | None, normal_return: float):
    def good_enough(measures: dict[str, Any]) -> bool:
        if stop_at is None:
            return False
        return measures["success_rate"] >= 0.95 and measures["return"] >= stop_at * normal_return

    return good_enough


def _provide_reward(reward: Path | None, env: str, folder: Path) -> None:
    """Writes a verified reward program into `folder`, which is made."""
    if reward is None:
        _, transcript, _ = generate(env=env, out=folder)
        print(f"{transcript.model}, {transcript.date} (recorded) saw:")
        print(f"  {transcript.answer(OOD_DESCRIPTION).strip()}")
        print(f"and advised:\n  {transcript.answer(BEHAVIOR_REASONING).strip()}", flush=True)
    elif reward.is_dir():
        _load(reward)
        shutil.copytree(reward, folder)
    else:
        verdict = verdict_on(read_answer(reward), env)
        save_artefact(folder, verdict)
        if not verdict.accepted:
            raise UserError(f"{reward} is refused:\n{verdict.summary()}")


def _program(run: Run) -> RewardFunctions | None:
    return _load(run.folder / "reward") if run.config["method"] == "lamour" else None


def _load(folder: Path) -> RewardFunctions:
    try:
        return load_program(folder)
    except (RewardCodeError, OSError) as error:
        raise UserError(f"no sound reward program in {folder}: {error}") from None


def describe(outcome: dict[str, Any]) -> str:
    """The lines that matter."""
    time_to_recovery = outcome["time_to_recovery"]
    return "\n".join(
        [
            f"{outcome['robot']}, {outcome['method']} ({outcome['preset']}, seed"
            f" {outcome['seed']}), {outcome['recovered']['ood']['episodes']} OOD episodes:",
            f"  success_rate      {outcome['success_rate']:.3f}",
            f"  return            {outcome['return']:.0f} (the original policy from normal starts:"
            f" {outcome['original']['normal']['return']:.0f})",
            "  time_to_recovery  "
            + ("never" if time_to_recovery is None else f"{time_to_recovery:.0f} control steps"),
            f"  retention         {outcome['retention']:.3f}",
            f"  {outcome['seconds']:.0f} s; report: {outcome['folder']}/report.html",
        ]
    )
