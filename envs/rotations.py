"""Angles of unit quaternions (w, x, y, z)."""

import jax
import jax.numpy as jnp


def roll_pitch(quat: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Roll and pitch (rad) of a quaternion [..., 4] in the z-y-x convention (Tait-Bryan)."""
    w, x, y, z = (quat / jnp.linalg.norm(quat, axis=-1, keepdims=True)).T
    roll = jnp.arctan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    pitch = jnp.arcsin(jnp.clip(2 * (w * y - z * x), -1.0, 1.0))
    return roll, pitch
