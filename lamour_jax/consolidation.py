"""Language-model-guided policy consolidation (LPC): behaviour cloning of the original policy,
where it already works (LaMOuR, section 4.3).

    E[ recovered(s) * -log pi(a0|s) ],  a0 ~ pi_original(.|s)

The expectation over a0 is taken exactly: it is the divergence KL(pi_original || pi) plus the
original policy's own entropy, which no parameter of pi changes. A sample of a0 gives the same
gradient on average, but one that never rests where both policies agree: its noise, in Adam's
running squares, outweighs what the reward has to say in states that are not recovered.
"""

from typing import NamedTuple

import chex
import distrax
import jax
import jax.numpy as jnp

from lamour_jax.config import LearnerConfig
from lamour_jax.networks import Actor
from lamour_jax.types import Params

BOLDEST = 0.95  # of |action|: what lies beyond differs little, and learns badly
STD_RANGE = (0.1, 1.0)


class Gaussian(NamedTuple):
    """The Gaussian before the tanh: mean [..., A] and log_std [..., A]."""

    mean: jax.Array
    log_std: jax.Array


def consolidation_loss(recovered: jax.Array, divergence: jax.Array) -> jax.Array:
    """The behaviour-cloning term, to be weighted by `consol_coef`.

    Args:
      recovered: [B] weight of each state, 1 where the original policy is trusted.
      divergence: [B] KL(pi_original || pi) there.
    """
    chex.assert_equal_shape([recovered, divergence])
    return jnp.mean(recovered * divergence)


def divergence_from(original: Gaussian, policy: Gaussian) -> jax.Array:
    """KL(original || policy) [...], in nats. The tanh, a bijection, leaves it as it is."""
    p, q = (distrax.MultivariateNormalDiag(g.mean, jnp.exp(g.log_std)) for g in (original, policy))
    return jnp.asarray(p.kl_divergence(q))


def gaussian_of(params: Params, obs: jax.Array, network: Actor) -> Gaussian:
    """A policy at obs [..., O], such as the frozen original one; no units are dropped."""
    return Gaussian(*map(jnp.asarray, network.apply(params, obs)))


def cloned(original: Gaussian, config: LearnerConfig) -> Gaussian:
    """What of the original policy's Gaussian the actor is held to."""
    return unsaturated(original) if config.fresh_actor else original


def unsaturated(gaussian: Gaussian) -> Gaussian:
    """The same but for means that lie far outside of what the tanh tells apart, and for standard
    deviations next to nothing: a policy that is like it acts nearly the same, and can still learn.
    """
    farthest = jnp.arctanh(BOLDEST)
    low, high = jnp.log(jnp.array(STD_RANGE))
    return Gaussian(
        jnp.clip(gaussian.mean, -farthest, farthest), jnp.clip(gaussian.log_std, low, high)
    )
