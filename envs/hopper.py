"""Hopper: one leg of three joints that hops forward; out of distribution flat on the ground."""

import jax
import jax.numpy as jnp
import mujoco

from envs.assets import gymnasium_spec
from envs.physics import PhysicsState, SolverLimits
from envs.planar import PlanarWalker, flat_pose

MAX_STATE = 100.0  # every state entry from the angle on must stay below it


class Hopper(PlanarWalker):
    """Gymnasium's Hopper-v5."""

    name = "hopper"
    original_task = "Hop forward."
    num_substeps = 4
    mjx_limits = SolverLimits(iterations=4, ls_iterations=8)
    height_range = (0.7, float("inf"))
    max_angle = 0.2
    ood_qpos = flat_pose(-1.7453, 0.0, 0.0, 0.0)

    @classmethod
    def build_spec(cls) -> mujoco.MjSpec:
        return gymnasium_spec("hopper.xml")

    def is_healthy(self, physics: PhysicsState) -> jax.Array:
        rest = jnp.concatenate([physics.qpos[2:], physics.qvel])
        return super().is_healthy(physics) & jnp.all(jnp.abs(rest) < MAX_STATE)
