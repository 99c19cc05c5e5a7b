"""Native MuJoCo on all of the host's cores, one batched host call per control step.

XLA may run a call twice or not at all, so nothing is kept on the host between calls: the whole
state travels through it.
"""

import hashlib
import os
import threading
from typing import NamedTuple

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
from mujoco.batch import Batch

from envs.physics import host_call
from envs.physics.base import PhysicsState

# MuJoCo resets a simulation by itself when one of these appears; we report NaN instead.
_BLOWN_UP = (
    int(mujoco.mjtWarning.mjWARN_BADQPOS),
    int(mujoco.mjtWarning.mjWARN_BADQVEL),
    int(mujoco.mjtWarning.mjWARN_BADQACC),
)


# What travels, in the order of MuJoCo's own state row: one copy takes it there, another one back.
_CARRIED = mujoco.mjtState.mjSTATE_QPOS | mujoco.mjtState.mjSTATE_QVEL
_CARRIED |= mujoco.mjtState.mjSTATE_WARMSTART | mujoco.mjtState.mjSTATE_CTRL


class _Simulations(NamedTuple):
    """A batch with views of what is written before a step and read after it.

    Attributes:
      before: [B, nq + 2 nv + nu] float64: qpos, qvel, qacc_warmstart, ctrl.
      after: [B, nq + 2 nv] of it, without ctrl.
      sensordata: [B, nsensordata]; None without sensors.
    """

    batch: Batch
    before: np.ndarray
    after: np.ndarray
    sensordata: np.ndarray | None


class NativeEngine:
    """`mujoco.batch.Batch` in one host call (which serves a whole vmapped batch)."""

    name = "native"

    def __init__(self, model: mujoco.MjModel, *, num_substeps: int):
        self.model = model
        self._num_substeps = num_substeps
        self._made: dict[int, _Simulations] = {}
        self._lock = threading.Lock()  # a Batch serves one Python thread at a time
        identity = f"{model_digest(model)}_{num_substeps}"
        self._step_name, self._sensors_name = (
            f"lamour_step_{identity}",
            f"lamour_sensors_{identity}",
        )
        host_call.register(self._step_name, self._step)
        host_call.register(self._sensors_name, self._sensors)

    def init(self, qpos: jax.Array, qvel: jax.Array) -> PhysicsState:
        warmstart = jnp.zeros(self.model.nv)
        if self.model.nsensordata == 0:
            return PhysicsState(qpos, qvel, warmstart, jnp.zeros(0))
        shape = jax.ShapeDtypeStruct((self.model.nsensordata,), jnp.float32)
        [sensordata] = host_call.call(self._sensors_name, [shape], qpos, qvel)
        return PhysicsState(qpos, qvel, warmstart, sensordata)

    def step(self, state: PhysicsState, ctrl: jax.Array) -> PhysicsState:
        # As one array each way: every further one costs microseconds, whatever its size.
        before = jnp.concatenate([state.qpos, state.qvel, state.qacc_warmstart, ctrl])
        nq, nv = self.model.nq, self.model.nv
        shape = jax.ShapeDtypeStruct((nq + 2 * nv + self.model.nsensordata,), jnp.float32)
        [after] = host_call.call(self._step_name, [shape], before)
        return PhysicsState(*jnp.split(after, [nq, nq + nv, nq + 2 * nv]))

    def _simulations(self, count: int) -> _Simulations:
        if count not in self._made:
            batch, model = Batch(self.model, count, usable_cores()), self.model
            before = batch.state[:, _columns(model)]
            sensordata = batch.bind("sensordata") if model.nsensordata else None
            after = before[:, : model.nq + 2 * model.nv]
            self._made[count] = _Simulations(batch, before, after, sensordata)
        return self._made[count]

    def _sensors(self, arguments: list[np.ndarray], results: list[np.ndarray]) -> None:
        """qpos, qvel to sensordata."""
        [qpos, qvel], [sensordata] = arguments, results
        nq, nv = self.model.nq, self.model.nv
        with self._lock:
            simulations = self._simulations(sensordata.size // self.model.nsensordata)
            simulations.before[:, :nq] = qpos.reshape(-1, nq)
            simulations.before[:, nq : nq + nv] = qvel.reshape(-1, nv)
            simulations.batch.forward(stage=mujoco.mjtStage.mjSTAGE_VEL.value)
            sensordata.reshape(-1, self.model.nsensordata)[...] = simulations.sensordata

    def _step(self, arguments: list[np.ndarray], results: list[np.ndarray]) -> None:
        """qpos, qvel, qacc_warmstart, ctrl to the first three and sensordata, a control step
        later."""
        [before], [after] = (
            [array.reshape(-1, array.shape[-1]) for array in arrays]
            for arrays in (arguments, results)
        )
        sane = self._sane(before)
        with self._lock:
            batch, inputs, outputs, sensordata = self._simulations(len(before))
            inputs[...] = before
            batch.warning.fill(0)
            batch.step(None if sane is None else np.flatnonzero(sane), nstep=self._num_substeps)
            after[:, : outputs.shape[1]] = outputs
            if sensordata is not None:
                after[:, outputs.shape[1] :] = sensordata
            if np.count_nonzero(batch.warning):
                after[batch.warning[:, _BLOWN_UP, 1].any(axis=1)] = np.nan
        if sane is not None:
            after[~sane] = np.nan

    def _sane(self, before: np.ndarray) -> np.ndarray | None:
        """Which simulations [B] MuJoCo accepts: everything finite, and all but ctrl below MuJoCo's
        own bound. None for all of them, as two reductions tell at nearly every step."""
        bound = mujoco.mjMAXVAL
        if before.max() < bound and before.min() > -bound:  # false for NaN, too
            return None
        state, ctrl = np.split(before, [before.shape[1] - self.model.nu], axis=1)
        return np.isfinite(ctrl).all(axis=1) & (np.abs(state) < bound).all(axis=1)


def usable_cores() -> int:
    """Those of this process, which may be fewer than the machine has; 0, all, if nobody says."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0


def model_digest(model: mujoco.MjModel) -> str:
    """The model's content, so that a cached program finds the physics it was compiled for."""
    content = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, content)
    return hashlib.sha256(content.tobytes()).hexdigest()[:16]


def _columns(model: mujoco.MjModel) -> slice:
    """Where a row of MuJoCo's whole state has what travels."""
    first = mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_TIME)
    return slice(first, first + mujoco.mj_stateSize(model, _CARRIED))
