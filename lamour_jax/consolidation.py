"""Language-model-guided policy consolidation (LPC): behaviour cloning of the original policy,
where it already works (LaMOuR, section 4.3).

    E[ recovered(s) * -log pi(a0|s) ],  a0 ~ pi_original(.|s)
"""

import chex
import jax
import jax.numpy as jnp


def consolidation_loss(recovered: jax.Array, original_log_prob: jax.Array) -> jax.Array:
    """The behaviour-cloning term, to be weighted by `consol_coef`.

    Args:
      recovered: [B] weight of each state, 1 where the original policy is trusted.
      original_log_prob: [B] log pi(a0|s) of the trained policy at the original policy's action.
    """
    chex.assert_equal_shape([recovered, original_log_prob])
    return -jnp.mean(recovered * original_log_prob)
