"""brax's SAC and PPO on our own environments: control steps per second as brax reports them.

    python -m lamour_jax.bench.peers.brax_trainers sac|ppo NUM_ENVS ROBOT

256x256 networks. SAC: one update of 256 a step. PPO: brax's usual shape of four passes over 16
minibatches of 64 unrolls of 20 steps.
"""

import importlib
import sys
from functools import partial
from typing import Any

from lamour_jax.bench.peers.serving import Requests

EPOCHS = 100_000  # more than anybody asks for
PREFILL = 1_000  # control steps before SAC's first update
SAC_STEPS = 300  # in an epoch
PPO_BATCH, PPO_MINIBATCHES, PPO_LENGTH, PPO_PASSES = 64, 16, 20, 4
HIDDEN_SIZES = (256, 256)  # SAC's by default

SETTINGS: dict[str, dict[str, Any]] = {
    "sac": {
        "num_timesteps": PREFILL + EPOCHS * SAC_STEPS,
        "min_replay_size": PREFILL,
        "max_replay_size": 1_000_000,
        "batch_size": 256,
        "grad_updates_per_step": 1,
    },
    "ppo": {
        "num_timesteps": EPOCHS * PPO_BATCH * PPO_MINIBATCHES * PPO_LENGTH,
        "batch_size": PPO_BATCH,
        "num_minibatches": PPO_MINIBATCHES,
        "unroll_length": PPO_LENGTH,
        "num_updates_per_batch": PPO_PASSES,
    },
}


def main() -> None:
    algorithm, num_envs, robot = sys.argv[1:]
    requests = Requests()
    import envs

    agent = f"brax.training.agents.{algorithm}"
    trainer = importlib.import_module(f"{agent}.train")
    settings = SETTINGS[algorithm]
    if algorithm == "ppo":
        networks = importlib.import_module(f"{agent}.networks")
        settings["network_factory"] = partial(
            networks.make_ppo_networks,
            policy_hidden_layer_sizes=HIDDEN_SIZES,
            value_hidden_layer_sizes=HIDDEN_SIZES,
        )
    asked = iter(requests)
    epochs = 0

    def progress(steps: int, metrics: dict[str, Any]) -> None:
        """Called before the first epoch and after each; the first one is compilation, too."""
        nonlocal epochs
        if "training/sps" not in metrics:
            return
        epochs += 1
        if epochs == 1:
            requests.ready()
        else:
            requests.answer(metrics["training/sps"])
        if next(asked, None) is None:
            sys.exit()

    trainer.train(
        environment=envs.make(robot, "normal"),
        episode_length=1000,
        num_envs=int(num_envs),
        num_evals=EPOCHS + 1,
        num_eval_envs=1,
        eval_env=envs.make(robot, "normal"),
        progress_fn=progress,
        seed=0,
        **settings,
    )


if __name__ == "__main__":
    main()
