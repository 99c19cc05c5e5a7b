"""Ant: a four-legged walker of eight joints; out of distribution on its back."""

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from envs.assets import gymnasium_spec
from envs.base import RecoveryEnv
from envs.physics import PhysicsState, SolverLimits
from envs.rotations import roll_pitch
from envs.starts import Start

CONTROL_COST = 0.5
HEALTHY_REWARD = 1.0
HEIGHT_RANGE = (0.2, 1.0)  # m
MAX_ANGLE = np.pi / 2  # rad, of roll and of pitch
NOISE = 0.1
ANKLE_RANGES = {  # degrees; Gymnasium's begin at 30, which keeps an ant on its back for ever
    "ankle_1": (0, 70),
    "ankle_2": (-70, 0),
    "ankle_3": (-70, 0),
    "ankle_4": (0, 70),
}


class Ant(RecoveryEnv):
    """Gymnasium's Ant-v5 without contact forces and with wider ankles."""

    name = "ant"
    original_task = "Run forward."
    num_substeps = 5
    mjx_limits = SolverLimits(iterations=8, ls_iterations=16)
    ood_qpos = np.array([0.0, 0.0, 0.25, 0.0, 1.0, 0.0, 0.0] + [0.0] * 8)  # roll = pi

    @classmethod
    def build_spec(cls) -> mujoco.MjSpec:
        spec = gymnasium_spec("ant.xml")
        for name, ankle_range in ANKLE_RANGES.items():
            spec.joint(name).range = ankle_range
        return spec

    def normal_start(self) -> Start:
        return Start(self.model.qpos0, NOISE, NOISE, qvel_gaussian=True)

    def ood_start(self) -> Start:
        return Start(self.ood_qpos)

    def observe(self, physics: PhysicsState) -> jax.Array:
        return jnp.concatenate([physics.qpos[2:], physics.qvel])

    def is_healthy(self, physics: PhysicsState) -> jax.Array:
        roll, pitch = roll_pitch(physics.qpos[3:7])
        height = physics.qpos[2]
        upright = (jnp.abs(roll) <= MAX_ANGLE) & (jnp.abs(pitch) <= MAX_ANGLE)
        return upright & (height >= HEIGHT_RANGE[0]) & (height <= HEIGHT_RANGE[1])

    def compute_task_reward(
        self, before: PhysicsState, after: PhysicsState, action: jax.Array
    ) -> jax.Array:
        # Gymnasium takes `xpos`, which after a Runge-Kutta step is its last stage's guess at qpos.
        forward = (after.qpos[0] - before.qpos[0]) / self.dt
        return forward + HEALTHY_REWARD - CONTROL_COST * jnp.sum(jnp.square(action))
