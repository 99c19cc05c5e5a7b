"""Native MuJoCo on all of the host's cores, one batched host call per control step.

XLA may run a call twice or not at all, so nothing is kept on the host between calls: the whole
state travels through it.
"""

import hashlib
import os
import threading

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


class NativeEngine:
    """`mujoco.batch.Batch` in one host call (which serves a whole vmapped batch)."""

    name = "native"

    def __init__(self, model: mujoco.MjModel, *, num_substeps: int):
        self.model = model
        self._num_substeps = num_substeps
        self._batches: dict[int, Batch] = {}
        self._lock = threading.Lock()  # a Batch serves one Python thread at a time
        identity = f"{_digest(model)}_{num_substeps}"
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
        before = (state.qpos, state.qvel, state.qacc_warmstart, state.sensordata)
        shapes = [jax.ShapeDtypeStruct(x.shape, jnp.float32) for x in before]
        return PhysicsState(*host_call.call(self._step_name, shapes, *before, ctrl))

    def _batch(self, num_simulations: int) -> Batch:
        if num_simulations not in self._batches:
            self._batches[num_simulations] = Batch(self.model, num_simulations, _usable_cores())
        return self._batches[num_simulations]

    def _sensors(self, arguments: list[np.ndarray]) -> list[np.ndarray]:
        qpos, qvel = arguments
        with self._lock:
            batch = self._batch(_count(qpos))
            batch.bind("qpos")[:] = qpos.reshape(-1, self.model.nq)
            batch.bind("qvel")[:] = qvel.reshape(-1, self.model.nv)
            sensordata = batch.bind("sensordata")
            batch.forward(stage=mujoco.mjtStage.mjSTAGE_VEL.value)
            return [sensordata.astype(np.float32).reshape(*qpos.shape[:-1], -1)]

    def _step(self, arguments: list[np.ndarray]) -> list[np.ndarray]:
        """qpos, qvel, qacc_warmstart, sensordata, ctrl to the first four, a control step later."""
        qpos, qvel, warmstart, _, ctrl = arguments
        fields = {"qpos": qpos, "qvel": qvel, "qacc_warmstart": warmstart, "ctrl": ctrl}
        leading = qpos.shape[:-1]
        rows = {name: value.reshape(-1, value.shape[-1]) for name, value in fields.items()}
        sane = _sane(rows)
        with self._lock:
            batch = self._batch(_count(qpos))
            for name, value in rows.items():
                batch.bind(name)[:] = value
            sensordata = batch.bind("sensordata") if self.model.nsensordata else None
            batch.warning[:] = 0
            batch.step(None if sane.all() else np.flatnonzero(sane), nstep=self._num_substeps)
            lost = ~sane | (batch.warning[:, _BLOWN_UP, 1].sum(axis=1) > 0)
            out = [batch.bind(name) for name in ("qpos", "qvel", "qacc_warmstart")]
            out.append(np.zeros((len(lost), 0)) if sensordata is None else sensordata)
            arrays = [value.astype(np.float32) for value in out]
        if lost.any():
            for value in arrays:
                value[lost] = np.nan
        return [value.reshape(*leading, value.shape[-1]) for value in arrays]


def _usable_cores() -> int:
    """Those of this process, which may be fewer than the machine has; 0, all, if nobody says."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0


def _digest(model: mujoco.MjModel) -> str:
    """The model's content, so that a cached program finds the physics it was compiled for."""
    content = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, content)
    return hashlib.sha256(content.tobytes()).hexdigest()[:16]


def _count(qpos: np.ndarray) -> int:
    return int(np.prod(qpos.shape[:-1], dtype=int))


def _sane(rows: dict[str, np.ndarray]) -> np.ndarray:
    """Which simulations [B] MuJoCo accepts: everything finite and below its own bound."""
    sane = np.isfinite(rows["ctrl"]).all(axis=1)
    for name in ("qpos", "qvel", "qacc_warmstart"):
        sane &= (np.abs(rows[name]) < mujoco.mjMAXVAL).all(axis=1)  # false for NaN too
    return sane
