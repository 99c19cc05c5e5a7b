"""The consolidation term against numbers worked out by hand, and against its definition."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamour_jax.consolidation import Gaussian, consolidation_loss, divergence_from
from lamour_jax.networks import log_prob_pre_tanh, sample_pre_tanh


def test_states_that_are_not_recovered_weigh_nothing():
    recovered = jnp.array([1.0, 0.0, 0.5, 1.0])
    divergence = jnp.array([2.0, 100.0, 4.0, 1.0])
    # (1 * 2 + 0 * 100 + 0.5 * 4 + 1 * 1) / 4 = 5 / 4: the mean is over all four states.
    np.testing.assert_allclose(consolidation_loss(recovered, divergence), 1.25, rtol=1e-6)
    # Each state's slope is recovered / 4.
    slope = jax.grad(consolidation_loss, argnums=1)(recovered, divergence)
    np.testing.assert_allclose(slope, [0.25, 0.0, 0.125, 0.25], rtol=1e-6)


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(AssertionError):
        consolidation_loss(jnp.ones((3, 1)), jnp.ones(3))


def test_divergence_of_two_gaussians_by_hand():
    original = Gaussian(jnp.array([[1.0, 0.0]]), jnp.log(jnp.array([[2.0, 1.0]])))
    policy = Gaussian(jnp.array([[0.0, 0.0]]), jnp.log(jnp.array([[1.0, 1.0]])))
    # First action: log(1 / 2) + (2^2 + 1^2) / (2 * 1^2) - 1 / 2 = 2 - log 2; second: the same, 0.
    np.testing.assert_allclose(divergence_from(original, policy), [2.0 - np.log(2.0)], rtol=1e-6)
    np.testing.assert_array_equal(divergence_from(policy, policy), [0.0])


def test_it_is_the_expectation_of_the_published_term_less_the_originals_entropy():
    """E[-log pi(a0|s)] - E[-log pi_original(a0|s)] over samples a0 of the squashed original."""
    original = Gaussian(jnp.array([0.3, -1.0]), jnp.array([-0.5, 0.2]))
    policy = Gaussian(jnp.array([0.0, -0.5]), jnp.array([0.1, -0.3]))
    many = jax.tree.map(lambda x: jnp.broadcast_to(x, (200_000, 2)), original)
    pre_tanh = sample_pre_tanh(*many, jax.random.key(0))
    gain = log_prob_pre_tanh(*original, pre_tanh) - log_prob_pre_tanh(*policy, pre_tanh)
    error = float(jnp.std(gain)) / np.sqrt(gain.size)
    difference = float(jnp.mean(gain) - divergence_from(original, policy))
    assert abs(difference) < 4 * error < 0.05
