"""A fresh actor in place of a saturated original policy, with each learner."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from envs.wrappers import VectorEnv
from lamour_jax import anchors, fitting
from lamour_jax.agents.ppo.agent import make_ppo
from lamour_jax.agents.sac.agent import make_sac
from lamour_jax.config import PPOConfig, SACConfig
from lamour_jax.networks import Actor
from lamour_jax.recovery import make_rule
from tests.scripted import Scripted, program

ROBOTS, SIZES = 4, (32, 32)
AGENTS = {
    "sac": (make_sac, SACConfig(random_steps=10, replay_capacity=64, batch_size=8)),
    "ppo": (make_ppo, PPOConfig(unroll_length=8, num_epochs=2, num_minibatches=4)),
}


@pytest.fixture(scope="module")
def original():
    """A policy whose means lie far outside of what the tanh tells apart."""
    params = Actor(1, SIZES).init(jax.random.key(1), jnp.zeros((1, 2)))
    params["params"]["mean"]["kernel"] *= 30.0
    return params


@pytest.mark.parametrize("name", list(AGENTS))
def test_it_acts_as_a_saturated_original_does_and_can_learn(monkeypatch, original, name):
    monkeypatch.setattr(anchors, "ROBOTS", 8)
    monkeypatch.setattr(anchors, "STEPS", 25)
    monkeypatch.setattr(fitting, "UPDATES", 800)
    make, config = AGENTS[name]
    config = replace(
        config, num_envs=ROBOTS, hidden_sizes=SIZES, fresh_actor=True, anchor_batch_size=4
    )
    env = VectorEnv(Scripted("ood", episode_length=6), ROBOTS, pool_size=8)
    agent = make(config, env, make_rule("lamour", [program(1.0)]), num_updates=100)
    state = jax.jit(agent.init)(jax.random.key(0), original)
    held = state.learner.anchors
    means = Actor(1, SIZES).apply(original, held.obs)[0]
    assert np.abs(means).max() > 5.0
    clipped = np.clip(np.tanh(means), -0.95, 0.95)
    np.testing.assert_allclose(np.tanh(held.original.mean), clipped, atol=1e-5)
    actor = state.learner.learner.actor
    own = Actor(1, SIZES).apply(actor, held.obs)[0]
    assert np.abs(np.tanh(own) - np.tanh(means)).mean() < 0.1
    assert np.abs(own).max() < 3.0
    jax.tree.map(np.testing.assert_array_equal, actor, agent.actor_params(state))
    after, _ = jax.jit(agent.iterate)(state, original)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(agent.actor_params(after)))
