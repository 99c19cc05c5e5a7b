"""What the task is about, computed from positions and velocities: how near the hands are to the
chair, where the chair is, how far it leans, how it moves."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from envs.push_chair import robot
from envs.push_chair.chair import to_surface
from envs.push_chair.model import CASTERS, CHAIR, CHAIR_SPIN, CHAIR_VELOCITY, SWIVEL


class Measures(NamedTuple):
    """Scalars; the first five are what reward code sees.

    Attributes:
      hand_distance: mean over both end effectors of the distance to the chair's surface (m).
      target_distance: from the chair's origin to the target, on the floor (m).
      tilt: angle between the chair's upward axis and the vertical (rad).
      speed: of the chair's origin, on the floor (m/s).
      spin: the chair's angular speed (rad/s).
      departure: the rate at which the target's distance grows (m/s).
    """

    hand_distance: jax.Array
    target_distance: jax.Array
    tilt: jax.Array
    speed: jax.Array
    spin: jax.Array
    departure: jax.Array

    @property
    def reward_inputs(self) -> jax.Array:
        """[5]"""
        return jnp.stack(self[:5])


def measure(qpos: jax.Array, qvel: jax.Array) -> Measures:
    """The measures at qpos [40], qvel [39]."""
    place, velocity = qpos[CHAIR][:2], qvel[CHAIR_VELOCITY][:2]
    target_distance = jnp.linalg.norm(place)
    hands, _ = robot.hand_poses(qpos[: robot.NUM_JOINTS])
    return Measures(
        hand_distance=jnp.mean(jnp.linalg.norm(ways_to_chair(hands, qpos), axis=1)),
        target_distance=target_distance,
        tilt=tilt(qpos),
        speed=jnp.linalg.norm(velocity),
        spin=jnp.linalg.norm(qvel[CHAIR_SPIN]),
        departure=jnp.sum(place * velocity) / jnp.maximum(target_distance, 1e-6),
    )


def tilt(qpos: jax.Array) -> jax.Array:
    """Angle (rad) between the chair's upward axis and the vertical: []."""
    return jnp.arccos(jnp.clip(chair_rotation(qpos)[2, 2], -1.0, 1.0))


def chair_rotation(qpos: jax.Array) -> jax.Array:
    """[3, 3], from the frame of the chair's foot to the world."""
    quaternion = qpos[CHAIR][3:]
    w, x, y, z = quaternion / jnp.linalg.norm(quaternion)
    return jnp.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def ways_to_chair(points: jax.Array, qpos: jax.Array) -> jax.Array:
    """[N, 3] (m, in the world) from points [N, 3] to the chair's surface; zero inside."""
    rotation = chair_rotation(qpos)
    local = (points - qpos[CHAIR][:3]) @ rotation
    return to_surface(local, qpos[SWIVEL], qpos[CASTERS]) @ rotation.T
