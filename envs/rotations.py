"""Unit quaternions (w, x, y, z): their angles, and turning them."""

import jax
import jax.numpy as jnp


def roll_pitch(quat: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Roll and pitch (rad) of a quaternion [..., 4] in the z-y-x convention (Tait-Bryan)."""
    w, x, y, z = (quat / jnp.linalg.norm(quat, axis=-1, keepdims=True)).T
    roll = jnp.arctan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    pitch = jnp.arcsin(jnp.clip(2 * (w * y - z * x), -1.0, 1.0))
    return roll, pitch


def turn(quat: jax.Array, angle: jax.Array) -> jax.Array:
    """A quaternion [4] turned about the world's vertical by `angle` (rad)."""
    c, s = jnp.cos(angle / 2), jnp.sin(angle / 2)
    w, x, y, z = quat
    return jnp.stack([c * w - s * z, c * x - s * y, c * y + s * x, c * z + s * w])
