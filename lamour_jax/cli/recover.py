"""`lamour recover`: fine-tune an original policy until it recovers."""

import argparse
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import envs
from lamour_jax.cli import common
from lamour_jax.cli.outcome import check_start, describe
from lamour_jax.cli.policies import policy_for
from lamour_jax.cli.recovery_training import begin_near_recovered, train_and_judge
from lamour_jax.cli.resuming import open_run, settings_given
from lamour_jax.cli.rewards import add_reward_arguments, count_rewards, provide_rewards
from lamour_jax.cli.run_config import run_config
from lamour_jax.cli.set_option import add_set_argument, read_settings
from lamour_jax.cli.training import (
    add_hosts_arguments,
    joined,
)
from lamour_jax.config import LEARNERS, SACConfig, TrainConfig, stored_learner
from lamour_jax.devices import make_mesh
from lamour_jax.errors import UserError
from lamour_jax.networks import actor_settings
from lamour_jax.policy import Policy, save_policy
from lamour_jax.presets import evaluation_interval, learner_config, recovery_updates
from lamour_jax.recovery import (
    METHODS,
    learns_from_programs,
    learns_from_text,
)
from lamour_jax.runs import (
    ORIGINAL_FILE,
    REWARD_FOLDER,
    Run,
    claim_folder,
    create_run,
    shared_run,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_env_argument(parser, required=False)
    parser.add_argument(
        "--policy",
        type=Path,
        help="the original policy, a file or a run folder; the shipped one if left out",
    )
    add_reward_arguments(parser, "are trained side by side")
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
    add_set_argument(parser)
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
        settings=read_settings(options.set),
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
    _check_choices(method, start, seeds)

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
            **_overrides(original, num_envs, settings or {}),
        )
        begin_near_recovered(robot, chosen)  # or says now that it cannot
        schedule = _schedule(robot.name, preset, learner, updates, seeds[0])
        own = {"start": start, "method": method, "preset": preset, "stop_at": stop_at}
        config = {**run_config("recover", place, robot, chosen, schedule), **own}
        folder = common.output_folder(out, "recover", env)
        claim_folder(folder)
        # Before the programs are translated, which takes a while and is talked about.
        count = count_rewards(reward, candidates) if learns_from_programs(method) else 1
        make_mesh(devices, num_members=count * len(seeds), divisible=chosen.split_numbers)
        with tempfile.TemporaryDirectory() as temporary:
            # Before the run exists: refused reward code leaves nothing behind.
            rewards: dict[str, Path] = {}
            if learns_from_programs(method):
                rewards = provide_rewards(
                    reward,
                    candidates,
                    place,
                    Path(temporary) / "reward",
                    text_only=learns_from_text(method),
                )
            return _create_run(folder, config, original, rewards, seeds, devices)

    with shared_run(create, new=True) as opened:
        return train_and_judge(opened, resuming=False)


def _check_choices(method: str, start: str, seeds: Sequence[int]) -> None:
    """Raises UserError where these are none."""
    if method not in METHODS:
        raise UserError(f"unknown method {method!r}: choose one of {', '.join(METHODS)}")
    check_start(start)
    if not seeds or len(set(seeds)) < len(seeds):
        raise UserError(f"--seeds must be different ones, not {' '.join(map(str, seeds))}")


def _schedule(robot: str, preset: str, learner: str, updates: int | None, seed: int) -> TrainConfig:
    num_updates = recovery_updates(robot, preset, learner) if updates is None else updates
    return common.user_settings(
        TrainConfig,
        num_updates=num_updates,
        eval_every=evaluation_interval(num_updates),
        seed=seed,
    )


def _overrides(
    original: Policy, num_envs: int | None, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """What is not the preset's to decide.

    Raises:
      UserError: settings of the actor's shape, or the number of robots twice.
    """
    networks = _networks_for(original)
    if shape := sorted(set(actor_settings(original)) & set(settings)):
        raise UserError(f"--set {' '.join(shape)}: the actor has the original policy's own")
    if num_envs is None:
        return {**networks, **settings}
    if "num_envs" in settings:
        raise UserError("give the number of robots once: --num-envs or --set num_envs")
    return {**networks, **settings, "num_envs": num_envs}


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
        return train_and_judge(opened, resuming=True)
