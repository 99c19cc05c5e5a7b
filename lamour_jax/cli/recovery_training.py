"""A recovery in its run folder: training, judgement, report."""

from typing import Any

from envs.base import RecoveryEnv
from lamour_jax import hosts
from lamour_jax.cli import common
from lamour_jax.cli.arena import Arena
from lamour_jax.cli.demonstrations import begin_among, planned_demonstrations
from lamour_jax.cli.outcome import judge_run
from lamour_jax.cli.rewards import load_reward
from lamour_jax.cli.training import Evaluator, Task, prepare_training, run_training
from lamour_jax.cli.uncertainty import original_uncertainty
from lamour_jax.config import LearnerConfig, TrainConfig, stored_learner
from lamour_jax.errors import UserError
from lamour_jax.fitting import fresh
from lamour_jax.policy import Policy, load_policy
from lamour_jax.recovery import (
    learns_from_programs,
    learns_from_uncertainty,
    make_rule,
)
from lamour_jax.report.html import write_report
from lamour_jax.runs import ORIGINAL_FILE, REWARD_FOLDER, Run


def train_and_judge(run: Run, *, resuming: bool) -> dict[str, Any]:
    """Trains in a run's folder, judges what came of it, and writes the report.

    Returns the outcome, as in the run's metrics.json.

    Raises:
      UserError: the folder lacks something, or the run was interrupted.
    """
    config = run.config
    start, physics = run.start, config["physics"]
    settings = TrainConfig(**config["train"])
    original = load_policy(
        run.folder / ORIGINAL_FILE,
        robot=run.robot_name,
        observation_size=config["observation_size"],
        action_size=config["action_size"],
    )
    learner = stored_learner(config)
    layout = prepare_training(_task(run, original, learner), learner, settings, run)
    like = original.params
    if learner.fresh_actor:
        like = fresh(like)
        if not resuming:
            print("a fresh actor is fitted to the original policy before learning", flush=True)
    arena = Arena(run.robot, physics, original.network, settings.final_eval_episodes)
    before = _judge_original(run, arena, original)
    # The best policy is chosen there: not by the poses that it will be judged by.
    eval_env = common.make_env(run.robot, start, physics, evaluation=start == "ood")
    run_training(
        layout,
        Evaluator(eval_env, original.network, settings.eval_episodes, like),
        run,
        resume=resuming,
        good_enough=_goal(config["stop_at"], before["normal"]["return"]),
    )
    return hosts.from_leader(lambda: _conclude(run, arena, before))


def _task(run: Run, original: Policy, learner: LearnerConfig) -> Task:
    """What the run learns: by the programs in its folder or the original policy's uncertainty, and
    from planned episodes where its settings ask for them."""
    env = common.make_env(run.robot, run.start, run.config["physics"])
    method, programs, uncertainty = run.config["method"], {}, None
    if learns_from_programs(method):
        # Of all members with one reward program, which are neighbours, the first one's.
        sources = run.journals[:: len(set(run.member_seeds or [run.config["train"]["seed"]]))]
        programs = {
            journal.name or "the reward": load_reward(journal.folder / REWARD_FOLDER)
            for journal in sources
        }
    if learns_from_uncertainty(method):
        uncertainty = original_uncertainty(run, original)
    rule = make_rule(method, list(programs.values()), uncertainty)
    rules = {name: make_rule(method, [program]) for name, program in programs.items()}
    planned = planned_demonstrations(run, env, original, rules or {method: rule}, learner)
    env = begin_near_recovered(begin_among(env, planned, learner), learner)
    return Task(env, rule, original, planned)


def begin_near_recovered(env: RecoveryEnv, learner: LearnerConfig) -> RecoveryEnv:
    """`env`, whose episodes begin on the way back at the share that the settings say.

    Raises:
      UserError: there are no such states of this robot.
    """
    if not learner.near_recovered_share:
        return env
    states = env.near_recovered_start()
    if states is None:
        raise UserError(
            f"near_recovered_share is {learner.near_recovered_share}, but {env.name} has no states"
            " on the way back: leave it at 0, or give its class a `near_recovered_start`"
        )
    return env.with_more_starts(states, learner.near_recovered_share)


def _judge_original(run: Run, arena: Arena, original: Policy) -> dict[str, Any]:
    """Tells how the original policy does, and returns it."""
    print(f"the original policy of {run.robot_name}:", flush=True)
    before = hosts.from_leader(lambda: arena.judge_original(original))
    fallen = [
        f"{before[place]['success_rate']:.0%} from {name}"
        for place, name in (("ood", "OOD starts"), ("battery", "the battery"))
        if place in before
    ]
    print(
        f"  return {before['normal']['return']:.0f} from normal starts, success rate"
        f" {', '.join(fallen)}",
        flush=True,
    )
    return before


def _conclude(run: Run, arena: Arena, before: dict[str, Any]) -> dict[str, Any]:
    """Judges the run, writes its outcome and its report, and returns the outcome."""
    outcome = judge_run(run, arena, before)
    run.finish(outcome)
    print(f"writing the report to {run.folder / 'report.html'} ...", flush=True)
    write_report(run.folder, arena.envs[outcome["start"]])
    return {**outcome, "folder": str(run.folder)}


def _goal(stop_at: float | None, normal_return: float):
    def good_enough(measures: dict[str, Any]) -> bool:
        if stop_at is None:
            return False
        return measures["success_rate"] >= 0.95 and measures["return"] >= stop_at * normal_return

    return good_enough
