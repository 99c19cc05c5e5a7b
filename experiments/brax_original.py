"""Trains an original policy with brax's SAC in an environment of MuJoCo Playground, on a CPU:

    python -m experiments.brax_original CartpoleBalance --steps 50000 --out cartpole.brax
    lamour import cartpole.brax --env playground:CartpoleBalance

Playground's own settings, of PPO, are for thousands of robots on a GPU. With few robots PPO learned
nothing in as many minutes.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import jax
from brax.io import model
from brax.training.agents.sac import train as sac
from mujoco_playground import registry, wrapper

SETTINGS: dict[str, Any] = {
    # Cut short: Playground's episodes go on after a fall, and little is learned of the task there.
    "episode_length": 200,
    "num_envs": 16,
    "grad_updates_per_step": 8,
    "batch_size": 128,
    "min_replay_size": 4_000,
    "max_replay_size": 500_000,
    "learning_rate": 1e-3,
    "discounting": 0.99,
    "reward_scaling": 10.0,  # the temperature begins at 1
    "normalize_observations": True,
    "num_evals": 5,
    "num_eval_envs": 32,
    "deterministic_eval": True,
}


def train(world_name: str, steps: int, seed: int) -> Any:
    """brax's (normalizer, policy) parameters after `steps` control steps of all robots."""
    began = time.perf_counter()

    def say(done: int, metrics: dict[str, Any]) -> None:
        seconds, value = time.perf_counter() - began, metrics["eval/episode_reward"]
        print(f"{done} steps, {seconds:.0f} s: return {value:.0f}", flush=True)

    _, params, _ = sac.train(
        registry.load(world_name, config_overrides={"impl": "jax"}),
        num_timesteps=steps,
        wrap_env_fn=wrapper.wrap_for_brax_training,
        progress_fn=say,
        seed=seed,
        **SETTINGS,
    )
    return params


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("world", help="the environment's name in Playground")
    parser.add_argument("--steps", type=int, default=50_000, help="control steps of all robots")
    parser.add_argument("--seed", type=int, default=1, help="of everything random")
    parser.add_argument("--out", type=Path, required=True, help="the file of parameters to write")
    options = parser.parse_args()
    jax.config.update("jax_default_matmul_precision", "highest")  # TF32 hurts MJX
    model.save_params(str(options.out), train(options.world, options.steps, options.seed))
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
