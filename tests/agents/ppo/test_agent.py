"""PPO as an agent: what is collected and counted, populations, and that it learns."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from envs.wrappers import VectorEnv
from lamour_jax.agents.ppo.agent import _orders, make_ppo
from lamour_jax.config import PPOConfig
from lamour_jax.networks import Actor
from lamour_jax.population import member, populate
from lamour_jax.recovery import make_rule
from tests.scripted import Scripted, program

CONFIG = PPOConfig(
    num_envs=4,
    unroll_length=8,
    num_epochs=2,
    num_minibatches=4,
    hidden_sizes=(8, 8),
    value_warmup=0,
)


def make_agent(config=CONFIG, weights=(1.0,)):
    env = VectorEnv(Scripted("ood", episode_length=6), config.num_envs, pool_size=8)
    rule = make_rule("lamour", [program(weight) for weight in weights])
    return make_ppo(config, env, rule, num_updates=1000)


@pytest.fixture(scope="module")
def original():
    return Actor(1, (8, 8)).init(jax.random.key(9), jnp.zeros((1, 2)))


@pytest.fixture(scope="module")
def agent():
    made = make_agent()
    return made._replace(init=jax.jit(made.init), iterate=jax.jit(made.iterate))


@pytest.fixture(scope="module")
def state(agent, original):
    return agent.init(jax.random.key(0), original)


def test_an_iteration_is_a_rollout_and_its_updates(agent, state, original):
    after, metrics = agent.iterate(state, original)
    assert agent.env_steps(int(after.updates)) == 32
    assert int(after.updates) == agent.updates_per_iteration == 8
    assert int(after.learner.learner.actor_optimizer[1][0].count) == 8
    assert all(np.isfinite(float(value)) for value in metrics.values())
    again, _ = agent.iterate(state, original)
    for a, b in zip(jax.tree.leaves(again.learner), jax.tree.leaves(after.learner), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(jax.random.key_data(after.key), jax.random.key_data(state.key))


def test_every_row_is_learned_from_once_an_epoch():
    orders = np.asarray(_orders(CONFIG, 2, jax.random.key(0)))
    assert orders.shape == (8, 2, 4)
    for epoch in orders.reshape(2, 4, 2, 4):
        for shard in (0, 1):
            np.testing.assert_array_equal(np.sort(epoch[:, shard].ravel()), np.arange(16))
    assert not np.array_equal(orders[:4], orders[4:])


def test_a_broken_robot_keeps_learning_finite(agent, state, original):
    episode = state.robots.robots.pipeline_state
    qpos = episode.physics.qpos.at[2, 0].set(np.nan)
    broken = episode.replace(physics=episode.physics.replace(qpos=qpos))
    robots = state.robots.replace(robots=state.robots.robots.replace(pipeline_state=broken))
    after, metrics = agent.iterate(state.replace(robots=robots), original)
    assert float(metrics["train/broken_robots"]) == 1
    assert all(np.isfinite(float(value)) for value in metrics.values())
    assert all(np.isfinite(x).all() for x in map(np.asarray, jax.tree.leaves(after.learner)))


def test_each_member_learns_as_it_would_alone(original):
    weights, key = (1.0, 50.0), jax.random.key(5)
    # Not from the original itself, and without its anchors: where both agree consolidation's
    # gradient is rounding noise, which Adam makes as large as any other.
    start = Actor(1, (8, 8)).init(jax.random.key(4), jnp.zeros((1, 2)))
    config = dataclasses.replace(CONFIG, anchor_batch_size=0)

    def iterated(agent, keys):
        return jax.jit(lambda keys: agent.iterate(agent.init(keys, start), original)[0])(keys)

    together = iterated(populate(make_agent(config, weights)), jnp.stack([key, key]))
    for k, weight in enumerate(weights):
        alone = iterated(make_agent(config, (weight,)), key)
        ours = member(together, k)
        assert int(ours.updates) == int(alone.updates)
        for a, b in zip(jax.tree.leaves(ours.learner), jax.tree.leaves(alone.learner), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)
    # The test can fail: the two rewards lead to different values.
    assert not np.allclose(*together.learner.learner.return_scale)


@pytest.mark.slow
def test_it_learns_to_stay_healthy():
    """The action is the position, and a positive one is healthy and paid 2 + the position."""
    config = PPOConfig(
        num_envs=32,
        unroll_length=16,
        hidden_sizes=(32, 32),
        consol_coef=0.0,
        final_learning_rate_fraction=1.0,
        value_warmup=2,
    )
    agent, start = make_agent(config), Actor(1, (32, 32)).init(jax.random.key(1), jnp.zeros((1, 2)))
    run = jax.jit(
        lambda state: jax.lax.scan(lambda s, _: agent.iterate(s, start), state, length=100)
    )
    _, metrics = run(agent.init(jax.random.key(0), start))
    healthy = np.asarray(metrics["recovery/healthy"])
    assert healthy[:3].mean() < 0.7
    assert healthy[-5:].mean() > 0.95
