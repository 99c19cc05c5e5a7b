"""The arithmetic of soft actor-critic (Haarnoja et al., 2018, arXiv 1812.05905) on arrays."""

import chex
import jax
import jax.numpy as jnp


def bellman_target(
    reward: jax.Array,
    discount: jax.Array,
    next_q: jax.Array,
    next_log_prob: jax.Array,
    alpha: jax.Array,
    gamma: jax.Array,
) -> jax.Array:
    """The soft target r + gamma * discount * (min_i Q_i(s', a') - alpha * log pi(a'|s')) [B].

    Args:
      reward: [B].
      discount: [B], 0 at terminal states, else 1.
      next_q: [2, B] target critics at (s', a'), a' ~ pi.
      next_log_prob: [B].
      alpha: [] temperature.
      gamma: [] or [B], the coefficient of discounting.
    """
    chex.assert_equal_shape([reward, discount, next_log_prob])
    chex.assert_shape(next_q, (2, *reward.shape))
    next_value = jnp.min(next_q, axis=0) - alpha * next_log_prob
    return reward + gamma * discount * next_value


def critic_loss(q: jax.Array, target: jax.Array) -> jax.Array:
    """Squared Bellman error of q [2, B] against target [B]: mean over B, summed over critics."""
    chex.assert_shape(q, (2, *target.shape))
    return jnp.sum(jnp.mean(jnp.square(q - target), axis=1))


def actor_loss(log_prob: jax.Array, q: jax.Array, alpha: jax.Array) -> jax.Array:
    """E[alpha * log pi(a|s) - min_i Q_i(s, a)] from log_prob [B] and q [2, B]."""
    chex.assert_shape(q, (2, *log_prob.shape))
    return jnp.mean(alpha * log_prob - jnp.min(q, axis=0))


def temperature_loss(
    log_alpha: jax.Array,
    log_prob: jax.Array,
    target_entropy: float,
    weight: jax.Array | None = None,
) -> jax.Array:
    """-log_alpha * E[weight * (log pi(a|s) + target_entropy)]: its gradient raises alpha where the
    entropy lies below the target. log_prob and weight (1 if left out): [B]."""
    excess = log_prob + target_entropy
    return -log_alpha * jnp.mean(excess if weight is None else weight * excess)
