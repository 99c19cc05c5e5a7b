"""The losses against numbers worked out by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamour_jax.agents.sac import losses


def test_bellman_target_takes_the_lesser_critic_and_stops_at_terminal_states():
    target = losses.bellman_target(
        reward=jnp.array([1.0, 2.0]),
        discount=jnp.array([1.0, 0.0]),
        next_q=jnp.array([[10.0, 4.0], [8.0, 6.0]]),
        next_log_prob=jnp.array([-2.0, 1.0]),
        alpha=jnp.asarray(0.5),
        gamma=0.9,
    )
    # Row 0: min(10, 8) - 0.5 * -2 = 9, 1 + 0.9 * 9 = 9.1. Row 1 is terminal: 2 alone.
    np.testing.assert_allclose(target, [9.1, 2.0], rtol=1e-6)


def test_critic_loss_adds_the_two_critics():
    q = jnp.array([[1.0, 2.0], [3.0, 5.0]])
    target = jnp.array([2.0, 4.0])
    # Critic 0: (1 + 4) / 2 = 2.5. Critic 1: (1 + 1) / 2 = 1. Sum: 3.5.
    np.testing.assert_allclose(losses.critic_loss(q, target), 3.5, rtol=1e-6)


def test_actor_loss():
    log_prob = jnp.array([-1.0, 2.0])
    q = jnp.array([[3.0, 1.0], [2.0, 4.0]])
    # Rows: 0.1 * -1 - min(3, 2) = -2.1, 0.1 * 2 - min(1, 4) = -0.8. Mean: -1.45.
    np.testing.assert_allclose(losses.actor_loss(log_prob, q, jnp.asarray(0.1)), -1.45, rtol=1e-6)


def test_temperature_loss_and_its_direction():
    log_prob = jnp.array([-1.0, 3.0])
    # Mean of log_prob - 3: (-4 + 0) / 2 = -2. Times -log_alpha = -0.5: 1.
    loss, slope = jax.value_and_grad(losses.temperature_loss)(jnp.asarray(0.5), log_prob, -3.0)
    np.testing.assert_allclose(loss, 1.0, rtol=1e-6)
    # The entropy is -1, above the target of -3: a positive slope, so descent lowers alpha.
    np.testing.assert_allclose(slope, 2.0, rtol=1e-6)
    below = jax.grad(losses.temperature_loss)(jnp.asarray(0.5), log_prob, 2.0)
    # The entropy -1 lies below a target of 2: -mean(log_prob + 2) = -3, descent raises alpha.
    np.testing.assert_allclose(below, -3.0, rtol=1e-6)
    # Weights 0 and 1 leave the second: -(3 - 3) / 2 with the first target, -(3 + 2) / 2 here.
    weighed = jax.grad(losses.temperature_loss)(
        jnp.asarray(0.5), log_prob, 2.0, jnp.array([0.0, 1.0])
    )
    np.testing.assert_allclose(weighed, -2.5, rtol=1e-6)


def test_shapes_that_would_broadcast_are_refused():
    column, row = jnp.zeros((4, 1)), jnp.zeros(4)
    with pytest.raises(AssertionError):
        losses.bellman_target(row, row, jnp.zeros((2, 4, 1)), row, jnp.asarray(0.1), 0.9)
    with pytest.raises(AssertionError):
        losses.bellman_target(column, row, jnp.zeros((2, 4)), row, jnp.asarray(0.1), 0.9)
    with pytest.raises(AssertionError):
        losses.critic_loss(jnp.zeros((2, 4)), column)
    with pytest.raises(AssertionError):
        losses.actor_loss(column, jnp.zeros((2, 4)), jnp.asarray(0.1))
