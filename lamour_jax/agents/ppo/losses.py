"""The arithmetic of proximal policy optimisation (Schulman et al., 2017, arXiv 1707.06347) on
arrays. `weight` [B] is 0 for transitions that must not be learned from, and 1 on average."""

import chex
import jax
import jax.numpy as jnp

# exp of more overflows float32, and the gradient of a clipped infinity is NaN.
_MAX_LOG_RATIO = 20.0


def advantages(
    reward: jax.Array,
    discount: jax.Array,
    value: jax.Array,
    next_value: jax.Array,
    over: jax.Array,
    valid: jax.Array,
    gamma: jax.Array,
    gae_lambda: float,
) -> jax.Array:
    """Generalised advantage estimates (Schulman et al., 2016, arXiv 1506.02438, equation 16):

        delta_t = r_t + gamma_t * discount_t * V(s'_t) - V(s_t)
        A_t = delta_t + gamma_t * gae_lambda * (1 - over_t) * A_{t+1}

    A time limit ends the sum but leaves V(s') in it. An invalid step has the estimate 0, so that
    nothing of it reaches the steps before. All arguments are [T, ...] in time's order.

    Args:
      reward: r.
      discount: 0 where s' ended the episode by the rules, else 1.
      value: V(s).
      next_value: V(s') of the true s', not of the start that followed it.
      over: bool, the episode ended with this step, by the rules or by time.
      valid: bool.
      gamma: the coefficient of discounting, of s'.
      gae_lambda: 0 trusts the values, 1 the rewards.
    """
    chex.assert_equal_shape([reward, discount, value, next_value, over, valid, gamma])
    delta = reward + gamma * discount * next_value - value
    decay = gamma * gae_lambda * (1.0 - over)

    def backwards(later: jax.Array, step: tuple[jax.Array, ...]) -> tuple[jax.Array, jax.Array]:
        delta, decay, valid = step
        advantage = jnp.where(valid, delta + decay * later, 0.0)
        return advantage, advantage

    start = jnp.zeros_like(delta[0])
    return jax.lax.scan(backwards, start, (delta, decay, valid), reverse=True)[1]


def normalise(advantage: jax.Array, valid: jax.Array) -> jax.Array:
    """Mean 0 and standard deviation 1 over the valid entries; the others become 0."""
    chex.assert_equal_shape([advantage, valid])
    mean = masked_mean(advantage, valid)
    std = jnp.sqrt(masked_mean(jnp.square(advantage - mean), valid))
    return jnp.where(valid, (advantage - mean) / (std + 1e-6), 0.0)


def masked_mean(x: jax.Array, valid: jax.Array) -> jax.Array:
    """The mean of the valid entries; 0 where there are none."""
    return jnp.sum(jnp.where(valid, x, 0.0)) / jnp.maximum(jnp.sum(valid), 1)


def policy_loss(
    log_ratio: jax.Array, advantage: jax.Array, weight: jax.Array, clip_range: float
) -> jax.Array:
    """The clipped surrogate objective (equation 7), negated:
    -E[min(ratio * A, clip(ratio, 1 - clip_range, 1 + clip_range) * A)].

    Args:
      log_ratio: [B] log pi(a|s) less that of the policy that acted.
      advantage: [B].
      weight: [B].
      clip_range: how far the ratio may move and still be rewarded.
    """
    chex.assert_equal_shape([log_ratio, advantage, weight])
    ratio = jnp.exp(jnp.clip(log_ratio, -_MAX_LOG_RATIO, _MAX_LOG_RATIO))
    clipped = jnp.clip(ratio, 1.0 - clip_range, 1.0 + clip_range)
    return -jnp.mean(weight * jnp.minimum(ratio * advantage, clipped * advantage))


def value_loss(value: jax.Array, target: jax.Array, weight: jax.Array) -> jax.Array:
    """Half the mean squared error of value [B]. Not clipped around the old value, which gains
    nothing (Andrychowicz et al., 2021, arXiv 2006.05990, section 3.1)."""
    chex.assert_equal_shape([value, target, weight])
    return 0.5 * jnp.mean(weight * jnp.square(value - target))


def divergence(log_ratio: jax.Array, weight: jax.Array) -> jax.Array:
    """KL(old || new) estimated by E[ratio - 1 - log ratio], which is never negative."""
    clipped = jnp.clip(log_ratio, -_MAX_LOG_RATIO, _MAX_LOG_RATIO)
    return jnp.mean(weight * (jnp.exp(clipped) - 1.0 - clipped))
