"""What Hopper and Walker2d share: planar, upright, observed and rewarded alike."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from envs.base import RecoveryEnv
from envs.physics import PhysicsState
from envs.starts import Start

CONTROL_COST = 0.001
HEALTHY_REWARD = 1.0  # paid in every state, which is why SAC-env is content to lie still
MAX_SPEED = 10.0  # m/s and rad/s; observed velocities are clipped to it
NOISE = 0.005


class PlanarWalker(RecoveryEnv):
    """qpos: x, z, angle, joints; healthy while high and upright enough."""

    height_range: ClassVar[tuple[float, float]]  # m, exclusive
    max_angle: ClassVar[float]  # rad, exclusive

    def normal_start(self) -> Start:
        return Start(self.model.qpos0, NOISE, NOISE)

    def ood_start(self) -> Start:
        return Start(self.ood_qpos, NOISE, NOISE)

    def observe(self, physics: PhysicsState) -> jax.Array:
        return jnp.concatenate([physics.qpos[1:], jnp.clip(physics.qvel, -MAX_SPEED, MAX_SPEED)])

    def is_healthy(self, physics: PhysicsState) -> jax.Array:
        height, angle = physics.qpos[1], physics.qpos[2]
        high = (height > self.height_range[0]) & (height < self.height_range[1])
        return high & (jnp.abs(angle) < self.max_angle)

    def compute_task_reward(
        self, before: PhysicsState, after: PhysicsState, action: jax.Array
    ) -> jax.Array:
        forward = (after.qpos[0] - before.qpos[0]) / self.dt
        return forward + HEALTHY_REWARD - CONTROL_COST * jnp.sum(jnp.square(action))


def flat_pose(*joints: float) -> np.ndarray:
    """The published pose on the ground: x = -1.2729, z = 0.10, then the angles (rad)."""
    return np.array([-1.2729, 0.10, *joints])
