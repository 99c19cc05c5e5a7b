"""A fresh actor that acts as the original policy does, where that policy works.

Some original policies are saturated: on the ground, which they never saw, their means lie far
outside of what the tanh tells apart (a Humanoid's at 120), so that noise changes nothing they do,
and hardly a gradient passes. Training does not cure it. A fresh network is fitted to such a policy
in its own episodes, and to broad noise elsewhere, before anything is learned (distillation, as
Ahn et al., 2024, "Reset & Distill", arXiv 2403.05066, do between tasks). Its means and its noise
are bounded, so that it cannot saturate either.
"""

import math

import jax
import jax.numpy as jnp
import optax

from lamour_jax.anchors import Anchors
from lamour_jax.consolidation import STD_RANGE, Gaussian, divergence_from, gaussian_of
from lamour_jax.networks import NORMALIZER, Actor, with_bounds, with_constants
from lamour_jax.types import Params

UPDATES, BATCH_SIZE, LEARNING_RATE = 12_000, 512, 1e-3
SEEN = 128  # other states of a batch
NOISE_WEIGHT, NOISE_LOG_STD = 0.1, -0.5
# Wider than what it is fitted to, so that none of that lies at an end: actions up to 0.987.
LARGEST_MEAN, SMALLEST_STD, LARGEST_STD = 2.5, 0.5 * STD_RANGE[0], 1.5 * STD_RANGE[1]


def fit_actor(
    actor: Actor, original: Params, anchors: Anchors, seen: jax.Array, key: jax.Array
) -> Params:
    """Fits fresh parameters of `actor`.

    Args:
      original: the original policy's, whose normalisation of observations is kept.
      anchors: [K, ...] the original policy's own states, and what it does there.
      seen: [L, O] observations of other states, most of them on the ground.
    """
    init_key, key = jax.random.split(key)
    params = fresh(actor.init(init_key, seen[:1]))
    if actor.normalizes:
        constants = jax.tree.map(jnp.copy, original["params"][NORMALIZER])
        params = with_constants(params, NORMALIZER, constants)
    optimizer = optax.adam(optax.linear_schedule(LEARNING_RATE, 0.01 * LEARNING_RATE, UPDATES))

    def loss(params: Params, key: jax.Array) -> jax.Array:
        own_key, other_key = jax.random.split(key)
        own = jax.random.randint(own_key, (BATCH_SIZE,), 0, len(anchors.obs))
        other = jax.random.randint(other_key, (SEEN,), 0, len(seen))
        batch = jax.tree.map(lambda x: x[own], anchors)
        held = divergence_from(batch.original, gaussian_of(params, batch.obs, actor))
        strange = gaussian_of(params, seen[other], actor)
        broad = Gaussian(*(jnp.full_like(strange.mean, x) for x in (0.0, NOISE_LOG_STD)))
        return jnp.mean(held) + NOISE_WEIGHT * jnp.mean(divergence_from(broad, strange))

    def step(carry, key: jax.Array):
        params, state = carry
        updates, state = optimizer.update(jax.grad(loss)(params, key), state)
        return (optax.apply_updates(params, updates), state), None

    carry = params, optimizer.init(params)
    (params, _), _ = jax.lax.scan(step, carry, jax.random.split(key, UPDATES))
    return params


def fresh(params: Params) -> Params:
    """An actor's parameters with the bounds of a fresh one."""
    return with_bounds(params, LARGEST_MEAN, (math.log(SMALLEST_STD), math.log(LARGEST_STD)))
