"""`lamour recover`: fine-tune an original policy until it recovers."""

import argparse
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import envs
from lamour_jax import hosts
from lamour_jax.cli import common
from lamour_jax.cli.arena import Arena
from lamour_jax.cli.outcome import RECOVERY_STARTS, describe, judge_run
from lamour_jax.cli.policies import policy_for
from lamour_jax.cli.resuming import open_run, settings_given
from lamour_jax.cli.rewards import count_rewards, load_reward, provide_rewards
from lamour_jax.cli.training import (
    Evaluator,
    Task,
    add_hosts_arguments,
    joined,
    prepare_training,
    run_training,
)
from lamour_jax.cli.uncertainty import original_uncertainty
from lamour_jax.config import (
    LEARNERS,
    SACConfig,
    TrainConfig,
    evaluation_interval,
    learner_config,
    recovery_updates,
    stored_learner,
    to_json,
)
from lamour_jax.devices import make_mesh
from lamour_jax.errors import UserError
from lamour_jax.networks import actor_settings
from lamour_jax.policy import Policy, load_policy, save_policy
from lamour_jax.recovery import (
    METHODS,
    learns_from_programs,
    learns_from_uncertainty,
    make_rule,
)
from lamour_jax.report.html import write_report
from lamour_jax.runs import (
    ORIGINAL_FILE,
    REWARD_FOLDER,
    Run,
    claim_folder,
    create_run,
    machine,
    shared_run,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_env_argument(parser, required=False)
    parser.add_argument(
        "--policy",
        type=Path,
        help="the original policy, a file or a run folder; the shipped one if left out",
    )
    parser.add_argument(
        "--reward",
        type=Path,
        nargs="+",
        default=[],
        help="reward code (.py) or folders of `lamour generate` or `check`; recorded if left out;"
        " several are trained side by side",
    )
    parser.add_argument(
        "--candidates", type=int, default=1, help="how many recorded answers to train side by side"
    )
    parser.add_argument(
        "--start",
        default="ood",
        help="where training's episodes begin: ood (the published state) or battery (fallen poses)",
    )
    parser.add_argument(
        "--method",
        default="lamour",
        help=", ".join(f"{name} ({rewarded})" for name, rewarded in METHODS.items()),
    )
    parser.add_argument("--learner", default="sac", help=", ".join(LEARNERS))
    parser.add_argument(
        "--preset",
        default="fast",
        help="settings: fast, scale (thousands of robots) or paper (SAC)",
    )
    parser.add_argument(
        "--updates",
        type=int,
        help="gradient updates; the preset's if left out; with --resume the run's new length",
    )
    parser.add_argument("--num-envs", type=int, help="robots; the preset's if left out")
    common.add_devices_argument(parser)
    add_hosts_arguments(parser)
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[1], help="several are trained side by side"
    )
    parser.add_argument("--resume", action="store_true", help="continue the run in --out")
    common.add_physics_argument(parser)
    common.add_out_argument(parser)


def run(options: argparse.Namespace) -> int:
    common.set_up(start=False)
    with joined(options):
        if options.resume:
            outcome = resume(options.out, options.updates, settings_given(options))
        else:
            outcome = _recover(options)
    print(describe(outcome))
    return 0


def _recover(options: argparse.Namespace) -> dict[str, Any]:
    if options.env is None:
        raise UserError("which robot? give --env")
    return recover(
        env=options.env,
        policy=options.policy,
        reward=options.reward,
        candidates=options.candidates,
        start=options.start,
        method=options.method,
        learner=options.learner,
        preset=options.preset,
        updates=options.updates,
        num_envs=options.num_envs,
        devices=options.devices,
        seeds=options.seeds,
        physics=options.physics,
        out=options.out,
    )


def recover(
    *,
    env: str,
    policy: Path | None = None,
    reward: Sequence[Path] = (),
    candidates: int = 1,
    start: str = "ood",
    method: str = "lamour",
    learner: str = "sac",
    preset: str = "fast",
    updates: int | None = None,
    num_envs: int | None = None,
    devices: int | None = None,
    seeds: Sequence[int] = (1,),
    physics: str = "auto",
    out: Path | None = None,
    stop_at: float | None = None,
    settings: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Fine-tunes a policy where it cannot do its task, evaluates it, and writes a run folder with a
    report.

    Of several processes (`lamour_jax.hosts`) the leader's arguments count, and its folder.

    Several reward programs or seeds make a population, trained side by side in one compiled
    program: a member for each program with each seed. The winner is chosen by the environment's own
    success rate and return during training.

    Args:
      env: the robot.
      policy: the original policy, a file or a run folder; the shipped one by default.
      reward: reward code or folders that hold it; the recorded answers by default.
      candidates: how many recorded answers to take.
      start: where training's episodes begin: "ood" or "battery". Policies are chosen by evaluations
        from there, too; the battery's evaluation poses are for the final judgement alone.
      method, learner, preset, updates, num_envs, seeds, physics: how to train.
      devices: how many share the training; as many as divide its numbers by default.
      out: the run folder.
      stop_at: end early once an evaluation succeeds in at least 95% of its episodes with this
        fraction of the original policy's return from normal starts.
      settings: fields of the learner's settings (SACConfig or PPOConfig), in place of the preset's.

    Returns the outcome, as in the run's metrics.json.

    Raises:
      UserError: bad input, refused reward code, or the run was interrupted.
    """

    if method not in METHODS:
        raise UserError(f"unknown method {method!r}: choose one of {', '.join(METHODS)}")
    if start not in RECOVERY_STARTS:
        known = " or ".join(RECOVERY_STARTS)
        raise UserError(f"there is nothing to recover from at --start {start}: choose {known}")
    if not seeds or len(set(seeds)) < len(seeds):
        raise UserError(f"--seeds must be different ones, not {' '.join(map(str, seeds))}")

    def create() -> Run:
        place = envs.canonical(env)
        robot = common.make_env(place, start, physics)
        original, _ = policy_for(robot, policy, env)
        chosen = common.user_settings(
            learner_config,
            learner=learner,
            robot=robot.name,
            preset=preset,
            method=method,
            num_envs=num_envs,
            **{**_networks_for(original), **(settings or {})},
        )
        num_updates = recovery_updates(robot.name, preset, learner) if updates is None else updates
        schedule = common.user_settings(
            TrainConfig,
            num_updates=num_updates,
            eval_every=evaluation_interval(num_updates),
            seed=seeds[0],
        )
        config = {
            "kind": "recover",
            "robot": place,
            "name": robot.name,
            "start": start,
            "method": method,
            "preset": preset,
            "physics": robot.backend,
            "observation_size": robot.observation_size,
            "action_size": robot.action_size,
            "stop_at": stop_at,
            "learner": learner,
            learner: to_json(chosen),
            "train": to_json(schedule),
            "machine": machine(),
        }
        folder = common.output_folder(out, "recover", env)
        claim_folder(folder)
        # Before the programs are translated, which takes a while and is talked about.
        count = count_rewards(reward, candidates) if learns_from_programs(method) else 1
        make_mesh(devices, num_members=count * len(seeds), divisible=chosen.split_numbers)
        with tempfile.TemporaryDirectory() as temporary:
            # Before the run exists: refused reward code leaves nothing behind.
            rewards: dict[str, Path] = {}
            if learns_from_programs(method):
                rewards = provide_rewards(reward, candidates, place, Path(temporary) / "reward")
            return _create_run(folder, config, original, rewards, seeds, devices)

    with shared_run(create, new=True) as opened:
        return _train_and_judge(opened, resuming=False)


def _networks_for(original: Policy) -> dict[str, Any]:
    """The learner's networks: an actor like the original one, and critics that are not smaller than
    usual because an original policy is."""
    usual = SACConfig.hidden_sizes
    narrow = min(original.hidden_sizes) < min(usual)
    return {**actor_settings(original), "critic_hidden_sizes": usual if narrow else None}


def _create_run(
    folder: Path,
    config: dict[str, Any],
    original: Policy,
    rewards: dict[str, Path],
    seeds: Sequence[int],
    devices: int | None,
) -> Run:
    """A run folder with everything that the training reads: a member for each of the `rewards`
    (folders by their names; none for a baseline) with each of the `seeds`."""
    members = [(name, seed) for name in (rewards or [""]) for seed in seeds]
    if len(members) > 1:
        config["members"] = [_member_name(*member, len(seeds) > 1) for member in members]
        config["member_seeds"] = [seed for _, seed in members]
    config["devices"] = make_mesh(
        devices, num_members=len(members), divisible=stored_learner(config).split_numbers
    ).size
    run = create_run(folder, config)
    for journal, (name, _) in zip(run.journals, members, strict=True):
        if rewards:
            shutil.copytree(rewards[name], journal.folder / REWARD_FOLDER)
    save_policy(folder / ORIGINAL_FILE, original)
    return run


def _member_name(reward: str, seed: int, several_seeds: bool) -> str:
    parts = [reward] if reward else []
    return "-".join([*parts, f"seed-{seed}"] if several_seeds else parts)


def resume(
    folder: Path | None, updates: int | None = None, given: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Continues an interrupted run from its last checkpoint, with the settings that it had.

    Args:
      folder: the run's.
      updates: its new length; None leaves it as it was.
      given: arguments of `recover` that the run is believed to have been started with.

    Raises:
      UserError: there is nothing to continue, or the run was started with others.
    """
    with shared_run(lambda: open_run(folder, "recover", updates, given)) as opened:
        return _train_and_judge(opened, resuming=True)


def _train_and_judge(run: Run, *, resuming: bool) -> dict[str, Any]:
    config = run.config
    learner = stored_learner(config)
    settings = TrainConfig(**config["train"])
    original = load_policy(
        run.folder / ORIGINAL_FILE,
        robot=run.robot_name,
        observation_size=config["observation_size"],
        action_size=config["action_size"],
    )
    programs = []
    if learns_from_programs(config["method"]):
        # Of all members with one reward program, which are neighbours, the first one's.
        sources = run.journals[:: len(set(run.member_seeds or [settings.seed]))]
        programs = [load_reward(journal.folder / REWARD_FOLDER) for journal in sources]
    start, physics = run.start, config["physics"]
    uncertainty = None
    if learns_from_uncertainty(config["method"]):
        uncertainty = original_uncertainty(run, original)
    task = Task(
        env=common.make_env(run.robot, start, physics),
        rule=make_rule(config["method"], programs, uncertainty),
        original=original,
    )
    layout = prepare_training(task, learner, settings, run)
    arena = Arena(run.robot, physics, original.network, settings.final_eval_episodes)
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
    # The best policy is chosen there: not by the poses that it will be judged by.
    eval_env = common.make_env(run.robot, start, physics, evaluation=start == "ood")
    run_training(
        layout,
        Evaluator(eval_env, original.network, settings.eval_episodes),
        run,
        resume=resuming,
        good_enough=_goal(config["stop_at"], before["normal"]["return"]),
    )
    return hosts.from_leader(lambda: _conclude(run, arena, before))


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
