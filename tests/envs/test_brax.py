"""brax's own trainers run on the environments as they are."""

import functools

import jax
import numpy as np
from brax.training.agents.ppo import networks, train

import envs


def test_braxs_ppo_trains():
    # A training step: 8 batches of 16 unrolls of 8 steps, 1024 in all; two of them.
    steps_done, metrics_seen = [], []

    def progress(num_steps, metrics):
        steps_done.append(int(num_steps))
        metrics_seen.append(metrics)

    make_policy, params, metrics = train.train(
        environment=envs.make("hopper", "normal", "native"),
        num_timesteps=2048,
        episode_length=50,
        num_envs=32,
        unroll_length=8,
        batch_size=16,
        num_minibatches=8,
        num_updates_per_batch=1,
        normalize_observations=True,
        network_factory=functools.partial(
            networks.make_ppo_networks,
            policy_hidden_layer_sizes=(16,),
            value_hidden_layer_sizes=(16,),
        ),
        num_evals=2,
        num_eval_envs=4,
        progress_fn=progress,
        seed=0,
    )
    assert steps_done == [0, 2048]
    assert params[0].count.to_numpy() == 2048  # observations seen by the normaliser
    for numbers in (*metrics_seen, metrics):
        assert numbers["eval/episode_reward"] > 0
        assert all(np.isfinite(value).all() for value in numbers.values())
    assert metrics["training/sps"] > 0
    policy = jax.jit(make_policy(params, deterministic=True))
    action, _ = policy(np.ones((2, 11), np.float32), jax.random.PRNGKey(0))
    assert action.shape == (2, 3) and np.isfinite(action).all()
