"""Trains an original policy with brax's PPO in an environment of MuJoCo Playground, on a CPU:

    python -m experiments.brax_original CartpoleBalance --steps 500000 --out cartpole.brax
    lamour import cartpole.brax --env playground:CartpoleBalance

Playground's own settings are for thousands of robots on a GPU; these are for two cores.
"""

import argparse
import time
from pathlib import Path
from typing import Any

from brax.io import model
from brax.training.agents.ppo import train as ppo
from mujoco_playground import registry, wrapper

SETTINGS: dict[str, Any] = {
    "num_envs": 128,
    "unroll_length": 20,
    "batch_size": 64,
    "num_minibatches": 8,
    "num_updates_per_batch": 8,
    "learning_rate": 1e-3,
    "discounting": 0.99,
    "entropy_cost": 1e-3,
    "reward_scaling": 1.0,
    "normalize_observations": True,
    "num_eval_envs": 32,
}


def train(world_name: str, steps: int, seed: int) -> Any:
    """brax's (normalizer, policy, value) parameters after `steps` control steps of all robots."""
    began = time.perf_counter()

    def say(done: int, metrics: dict[str, Any]) -> None:
        print(
            f"{done} steps, {time.perf_counter() - began:.0f} s:"
            f" return {metrics['eval/episode_reward']:.0f}",
            flush=True,
        )

    _, params, _ = ppo.train(
        registry.load(world_name, config_overrides={"impl": "jax"}),
        num_timesteps=steps,
        episode_length=int(registry.get_default_config(world_name).episode_length),
        wrap_env_fn=wrapper.wrap_for_brax_training,
        progress_fn=say,
        num_evals=5,
        seed=seed,
        **SETTINGS,
    )
    return params


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("world", help="the environment's name in Playground")
    parser.add_argument("--steps", type=int, default=500_000, help="control steps of all robots")
    parser.add_argument("--seed", type=int, default=1, help="of everything random")
    parser.add_argument("--out", type=Path, required=True, help="the file of parameters to write")
    options = parser.parse_args()
    model.save_params(str(options.out), train(options.world, options.steps, options.seed))
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
