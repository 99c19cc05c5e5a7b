"""A world without physics: the action is the position, so that a test writes an episode by hand."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from envs.base import RecoveryEnv
from envs.physics import PhysicsState, SolverLimits
from envs.starts import Start

HEALTHY, FALLEN = 1.0, -1.0  # actions that lead to such a state


def program(weight: float):
    """A reward program that differs from another in its weight."""
    return SimpleNamespace(
        is_recovered=lambda state: (weight * state[0] > 0.0).astype(jnp.int32),
        calculate_reward=lambda state, action: -weight * jnp.abs(state[0] - 1.0),
        is_sound=lambda state, action: jnp.bool_(True),
    )


class _ActionIsPosition:
    """qpos' = ctrl, qvel' = qvel + 1: a clock that starts near 0; NaN stays NaN."""

    name = "scripted"

    def __init__(self, model: mujoco.MjModel):
        self.model = model

    def init(self, qpos: jax.Array, qvel: jax.Array) -> PhysicsState:
        return PhysicsState(qpos, qvel, jnp.zeros(1), jnp.zeros(0))

    def step(self, state: PhysicsState, ctrl: jax.Array) -> PhysicsState:
        return state.replace(qpos=ctrl + 0.0 * state.qpos, qvel=state.qvel + 1.0)


class Scripted(RecoveryEnv):
    """obs: position, clock. Healthy where the position is positive; pays 2 + the position."""

    name = "scripted"
    original_task = "Stay positive."
    num_substeps = 1
    mjx_limits = SolverLimits(1, 1)
    episode_length = 5
    ood_qpos = np.array([-1.0])

    def __init__(self, start: str = "ood", *, episode_length: int = 5, **settings):
        super().__init__(start, "native", **settings)
        self.engine = _ActionIsPosition(self.model)
        self.episode_length = episode_length

    @classmethod
    def build_spec(cls) -> mujoco.MjSpec:
        return mujoco.MjSpec.from_string(
            "<mujoco><worldbody><body><joint name='x' type='slide'/><geom size='1'/></body>"
            "</worldbody><actuator><motor joint='x'/></actuator></mujoco>"
        )

    def normal_start(self) -> Start:
        return Start(-self.ood_qpos, 0.5)

    def ood_start(self) -> Start:
        return Start(self.ood_qpos, 0.5)

    def observe(self, physics: PhysicsState) -> jax.Array:
        return jnp.concatenate([physics.qpos, physics.qvel])

    def is_healthy(self, physics: PhysicsState) -> jax.Array:
        return physics.qpos[0] > 0.0

    def compute_task_reward(
        self, before: PhysicsState, after: PhysicsState, action: jax.Array
    ) -> jax.Array:
        return 2.0 + after.qpos[0]
