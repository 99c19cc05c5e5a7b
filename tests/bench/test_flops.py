"""The arithmetic of an update, counted by hand."""

import jax
import jax.numpy as jnp

from lamour_jax.agents.sac.learner import Learner
from lamour_jax.bench.flops import update_flops
from lamour_jax.config import SACConfig
from lamour_jax.networks import Actor
from lamour_jax.types import Transition


def test_count_of_a_small_network():
    # Actor: 3*4 + 4*5 + 5*(2*2) = 52 weights, 12 of them in its first layer.
    # Critic: (3+2)*4 + 4*5 + 5*1 = 45 weights, 20 of them in its first layer.
    # Actor: forward twice, 104; back to the weights, 52, and to the inner inputs, 52 - 12.
    # Critic: forward thrice, 135; back to the weights, 45, and the inner inputs, 45 - 20; once more
    # back, to the action, 45. Two of them. In all 196 + 2 * 250 multiply-adds a transition.
    assert update_flops(3, 2, (4, 5), 1, consolidation=False) == 2 * 696
    # The original policy: forward once more.
    assert update_flops(3, 2, (4, 5), 1) == 2 * (696 + 52)
    assert update_flops(3, 2, (4, 5), 10) == 20 * (696 + 52)


def test_xla_counts_a_little_more():
    """Biases, losses, random numbers and Adam come on top."""
    learner = Learner(SACConfig(hidden_sizes=(64, 64)), 11, 3, 1000)
    key, batch = jax.random.key(0), 512
    obs, scalar = jnp.zeros((batch, 11)), jnp.zeros(batch)
    transitions = Transition(obs, jnp.zeros((batch, 3)), scalar, scalar, obs, *[scalar] * 3)
    original = Actor(3, (64, 64)).init(key, obs)
    state = learner.init(key, original)
    lowered = jax.jit(learner.update).lower(state, transitions, original, key)
    by_hand = update_flops(11, 3, (64, 64), batch)
    assert by_hand < lowered.cost_analysis()["flops"] < 1.2 * by_hand
