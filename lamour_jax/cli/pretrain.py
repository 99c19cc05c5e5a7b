"""`lamour pretrain`: an original policy of one's own, from scratch, on the original task."""

import argparse
from pathlib import Path
from typing import Any

import jax

from lamour_jax.cli import common
from lamour_jax.cli.evaluate import EVALUATION_SEED, describe
from lamour_jax.cli.training import Evaluator, Task, run_training
from lamour_jax.config import TrainConfig, pretrain_config, to_json
from lamour_jax.networks import Actor
from lamour_jax.recovery import make_rule
from lamour_jax.runs import create_run, machine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_env_argument(parser)
    parser.add_argument("--updates", type=int, default=400_000, help="gradient updates")
    parser.add_argument("--seed", type=int, default=1, help="of everything random")
    common.add_physics_argument(parser)
    common.add_out_argument(parser)


def run(options: argparse.Namespace) -> int:
    common.set_up()
    folder, measures = pretrain(
        env=options.env,
        updates=options.updates,
        seed=options.seed,
        physics=options.physics,
        out=options.out,
    )
    print(describe(measures))
    print(f"the policy is {folder / 'policy.msgpack'}")
    return 0


def pretrain(
    *,
    env: str,
    updates: int = 400_000,
    seed: int = 1,
    physics: str = "auto",
    out: Path | None = None,
) -> tuple[Path, dict[str, Any]]:
    """Trains a policy on the original task from normal starts.

    Returns the run folder and the measures of the best policy on 64 fresh episodes.

    Raises:
      UserError: bad input, or the run was interrupted.
    """
    robot = common.make_env(env, "normal", physics)
    sac = pretrain_config(env)
    settings = common.user_settings(TrainConfig, num_updates=updates, seed=seed, eval_every=10_000)
    config = {
        "kind": "pretrain",
        "robot": env,
        "physics": robot.backend,
        "observation_size": robot.observation_size,
        "action_size": robot.action_size,
        "sac": to_json(sac),
        "train": to_json(settings),
        "machine": machine(),
    }
    run = create_run(common.output_folder(out, "pretrain", env), config)
    try:
        # The original reward everywhere and nothing added: the original task.
        task = Task(robot, robot, make_rule("sac_env"))
        params = run_training(task, sac, settings, run)
        network = Actor(robot.action_size, sac.hidden_sizes)
        play = Evaluator(robot, network, settings.final_eval_episodes)
        measures = {
            "robot": env,
            "start": "normal",
            "physics": robot.backend,
            **play(params, jax.random.key(EVALUATION_SEED)),
        }
        run.finish(measures)
    finally:
        run.close()
    return run.folder, measures
