"""MuJoCo XLA (MJX): the same physics as JAX code, for accelerators and whole-program compilation.

Solver iterations are fixed per robot (`SolverLimits`). MJX's Euler integrator treats joint damping
implicitly, as MuJoCo's does; the flag stays as the model has it, since policies notice.
"""

import copy

import jax
import jax.numpy as jnp
import mujoco

from envs.physics.base import PhysicsState, SolverLimits
from envs.physics.quiet_mjx import mjx

from mujoco.mjx._src import sensor as mjx_sensor  # isort: skip


class MjxEngine:
    """MJX in pure JAX."""

    name = "mjx"

    def __init__(self, model: mujoco.MjModel, *, num_substeps: int, limits: SolverLimits):
        self.model = copy.copy(model)
        self.model.opt.iterations = limits.iterations
        self.model.opt.ls_iterations = limits.ls_iterations
        self._num_substeps = num_substeps
        self._mjx_model = mjx.put_model(self.model)

    def init(self, qpos: jax.Array, qvel: jax.Array) -> PhysicsState:
        warmstart = jnp.zeros(self.model.nv)
        if self.model.nsensordata == 0:
            return PhysicsState(qpos, qvel, warmstart, jnp.zeros(0))
        data = self._data(qpos, qvel, warmstart)
        # Kinematics alone: compiling the constraint solver a second time would take seconds.
        data = mjx.com_pos(self._mjx_model, mjx.kinematics(self._mjx_model, data))
        data = mjx.com_vel(self._mjx_model, data)
        data = mjx_sensor.sensor_vel(self._mjx_model, mjx_sensor.sensor_pos(self._mjx_model, data))
        return PhysicsState(qpos, qvel, warmstart, data.sensordata)

    def step(self, state: PhysicsState, ctrl: jax.Array) -> PhysicsState:
        data = self._data(state.qpos, state.qvel, state.qacc_warmstart).replace(ctrl=ctrl)
        data, _ = jax.lax.scan(
            lambda d, _: (mjx.step(self._mjx_model, d), None), data, length=self._num_substeps
        )
        return PhysicsState(data.qpos, data.qvel, data.qacc_warmstart, data.sensordata)

    def _data(self, qpos: jax.Array, qvel: jax.Array, warmstart: jax.Array) -> mjx.Data:
        data = mjx.make_data(self._mjx_model)
        return data.replace(qpos=qpos, qvel=qvel, qacc_warmstart=warmstart)
