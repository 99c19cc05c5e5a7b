"""HalfCheetah: a planar cheetah of six joints that runs forward; its OOD start is on its back."""

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from envs.assets import gymnasium_spec
from envs.base import RecoveryEnv
from envs.physics import PhysicsState, SolverLimits
from envs.starts import Start

CONTROL_COST = 0.1
MAX_PITCH = np.pi / 2  # rad
NOISE = 0.1
PITCH = 2  # index in qpos: rootx, rootz, rooty, ...


class HalfCheetah(RecoveryEnv):
    """Gymnasium's HalfCheetah-v5 with a stronger, wider hind thigh, so that it can roll over."""

    name = "half_cheetah"
    original_task = "Run forward."
    num_substeps = 5
    mjx_limits = SolverLimits(iterations=4, ls_iterations=8)
    ood_qpos = np.array([0.0, -0.5, -2.8798, 1.0472, 0.0, 0.0, 0.0, 0.0, 0.0])

    @classmethod
    def build_spec(cls) -> mujoco.MjSpec:
        spec = gymnasium_spec("half_cheetah.xml")
        joint = spec.joint("bthigh")
        joint.range = [joint.range[0], 2.094]
        gear = np.array(spec.actuator("bthigh").gear)
        gear[0] = 150
        spec.actuator("bthigh").gear = gear
        return spec

    def normal_start(self) -> Start:
        return Start(self.model.qpos0, NOISE, NOISE, qvel_gaussian=True)

    def ood_start(self) -> Start:
        return Start(self.ood_qpos, NOISE, NOISE, qvel_gaussian=True)

    def observe(self, physics: PhysicsState) -> jax.Array:
        return jnp.concatenate([physics.qpos[1:], physics.qvel])

    def is_healthy(self, physics: PhysicsState) -> jax.Array:
        return jnp.abs(physics.qpos[PITCH]) <= MAX_PITCH

    def compute_task_reward(
        self, before: PhysicsState, after: PhysicsState, action: jax.Array
    ) -> jax.Array:
        forward = (after.qpos[0] - before.qpos[0]) / self.dt
        return forward - CONTROL_COST * jnp.sum(jnp.square(action))
