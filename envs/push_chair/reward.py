"""The task's reward, in stages: hands at the chair, chair to the target, chair at rest there.

With d the hands' distance to the chair, D the chair's to the target, v its speed, r = dD/dt:

    -d - clip(log(d + 1e-5), -10, 0) - 0.2 tilt - 1e-6 |a|
    while the chair stands (tilt < 0.2 pi) and d < 0.1:
        +2
        D > 0.15:   2 max(-1, 1 - exp(r)) - 2 D
        D <= 0.15:  +2 + 2 exp(-10 v), and +2 if v <= 0.1 and the spin <= 0.2
    success:  +100

The published formula has (1 - c) v in place of r, with c the cosine distance, 1 - cos, between the
chair's place (seen from the target) and its velocity: cos times v is r. Read as the cosine itself,
c would punish most of all what moves straight to the target.
"""

import jax
import jax.numpy as jnp
import numpy as np

from envs.push_chair.measures import Measures

FALLEN = 0.2 * np.pi  # rad: from this tilt on the chair has fallen
ARRIVED = 0.15  # m
AT_HAND = 0.1  # m
SUCCESS = 100.0
FALL = -300.0  # in the original task
_STILL, _STEADY = 0.1, 0.2  # m/s, rad/s


def has_fallen(tilt: jax.Array) -> jax.Array:
    """[] bool"""
    return tilt >= FALLEN


def has_succeeded(measures: Measures) -> jax.Array:
    """[] bool: the chair stands at the target."""
    return (measures.target_distance < ARRIVED) & ~has_fallen(measures.tilt)


def staged_reward(measures: Measures, action: jax.Array) -> jax.Array:
    """The reward [] of having come to a state by an action [A], less what a fall costs."""
    d = measures.hand_distance
    reward = -d - jnp.clip(jnp.log(d + 1e-5), -10.0, 0.0)
    reward -= 0.2 * measures.tilt + 1e-6 * jnp.linalg.norm(action)
    standing = ~has_fallen(measures.tilt)
    on_the_way = (
        2.0 * jnp.maximum(-1.0, 1.0 - jnp.exp(measures.departure)) - 2.0 * measures.target_distance
    )
    still = (measures.speed <= _STILL) & (measures.spin <= _STEADY)
    there = 2.0 + 2.0 * jnp.exp(-10.0 * measures.speed) + jnp.where(still, 2.0, 0.0)
    stage = 2.0 + jnp.where(measures.target_distance <= ARRIVED, there, on_the_way)
    reward += jnp.where(standing & (d < AT_HAND), stage, 0.0)
    return reward + jnp.where(has_succeeded(measures), SUCCESS, 0.0)
