"""`lamour pretrain`: an original policy of one's own, from scratch, on the original task."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax

import envs
from lamour_jax import hosts
from lamour_jax.cli import common
from lamour_jax.cli.evaluate import describe
from lamour_jax.cli.resuming import open_run, settings_given
from lamour_jax.cli.run_config import run_config
from lamour_jax.cli.training import (
    Evaluator,
    Task,
    add_hosts_arguments,
    joined,
    prepare_training,
    run_training,
)
from lamour_jax.config import TrainConfig, stored_learner
from lamour_jax.devices import make_mesh
from lamour_jax.errors import UserError
from lamour_jax.evaluation import EVALUATION_SEED
from lamour_jax.networks import make_actor
from lamour_jax.presets import pretrain_config
from lamour_jax.recovery import make_rule
from lamour_jax.runs import Run, create_run, shared_run

UPDATES = 400_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_env_argument(parser, required=False)
    parser.add_argument(
        "--updates",
        type=int,
        help=f"gradient updates, {UPDATES} if left out; with --resume the run's new length",
    )
    parser.add_argument("--seed", type=int, default=1, help="of everything random")
    parser.add_argument("--resume", action="store_true", help="continue the run in --out")
    common.add_devices_argument(parser)
    add_hosts_arguments(parser)
    common.add_physics_argument(parser)
    common.add_out_argument(parser)


def run(options: argparse.Namespace) -> int:
    common.set_up(start=False)
    with joined(options):
        if options.resume:
            measures = resume(options.out, options.updates, settings_given(options))
        elif options.env is None:
            raise UserError("which robot? give --env")
        else:
            measures = pretrain(
                env=options.env,
                updates=UPDATES if options.updates is None else options.updates,
                seed=options.seed,
                devices=options.devices,
                physics=options.physics,
                out=options.out,
            )
    print(describe(measures))
    print(f"the policy is {measures['policy']}")
    return 0


def pretrain(
    *,
    env: str,
    updates: int = UPDATES,
    seed: int = 1,
    devices: int | None = None,
    physics: str = "auto",
    out: Path | None = None,
) -> dict[str, Any]:
    """Trains a policy on the original task from normal starts, in a run folder.

    Returns the measures of the best policy on 64 fresh episodes, and the file that holds it.

    Raises:
      UserError: bad input, or the run was interrupted.
    """

    def create() -> Run:
        return _create(env, updates, seed, devices, physics, out)

    with shared_run(create, new=True) as opened:
        return _train_and_judge(opened, resuming=False)


def _create(
    env: str, updates: int, seed: int, devices: int | None, physics: str, out: Path | None
) -> Run:
    env = envs.canonical(env)
    robot = common.make_env(env, "normal", physics)
    settings = common.user_settings(TrainConfig, num_updates=updates, seed=seed, eval_every=10_000)
    learner = pretrain_config(env)
    config = run_config("pretrain", env, robot, learner, settings)
    # Of two that walk, the faster one may stumble more. An end that comes late pays more.
    config["judged_by"] = ["success_rate"] if robot.has_end else ["return"]
    config["devices"] = make_mesh(devices, divisible=learner.split_numbers).size
    return create_run(common.output_folder(out, "pretrain", env), config)


def resume(
    folder: Path | None, updates: int | None = None, given: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Continues an interrupted run, or one that is to be longer; returns and raises as `pretrain`.

    Args:
      folder: the run's.
      updates: its new length; None leaves it as it was.
      given: arguments of `pretrain` that the run is believed to have been started with.
    """
    with shared_run(lambda: open_run(folder, "pretrain", updates, given)) as opened:
        return _train_and_judge(opened, resuming=True)


def _train_and_judge(run: Run, *, resuming: bool) -> dict[str, Any]:
    learner, settings = stored_learner(run.config), TrainConfig(**run.config["train"])
    robot = common.make_env(run.robot, "normal", run.config["physics"])
    # The original reward everywhere and nothing added: the original task.
    task = Task(robot, make_rule("sac_env"))
    layout = prepare_training(task, learner, settings, run)
    network = make_actor(learner, robot.action_size)
    run_training(layout, Evaluator(robot, network, settings.eval_episodes), run, resume=resuming)
    play = Evaluator(robot, network, settings.final_eval_episodes)

    def conclude() -> dict[str, Any]:
        measures = {
            "robot": run.robot_name,
            "start": "normal",
            "physics": robot.backend,
            "policy": str(run.folder / "policy.msgpack"),
            **play(run.journals[0].best_actor(), jax.random.key(EVALUATION_SEED)),
        }
        run.finish(measures)
        return measures

    return hosts.from_leader(conclude)
