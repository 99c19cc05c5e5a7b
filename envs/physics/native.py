"""Native MuJoCo on all of the host's cores, one batched callback per control step.

`jax.pure_callback` may run twice or not at all, so nothing is kept on the host between calls: the
whole state travels through it. The callback touches NumPy only (JAX inside one can deadlock).
"""

import threading

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
from mujoco.batch import Batch

from envs.physics.base import PhysicsState

# MuJoCo resets a simulation by itself when one of these appears; we report NaN instead.
_BLOWN_UP = (
    int(mujoco.mjtWarning.mjWARN_BADQPOS),
    int(mujoco.mjtWarning.mjWARN_BADQVEL),
    int(mujoco.mjtWarning.mjWARN_BADQACC),
)


class NativeEngine:
    """`mujoco.batch.Batch` behind a `pure_callback` (one call serves a whole vmapped batch)."""

    name = "native"

    def __init__(self, model: mujoco.MjModel, *, num_substeps: int):
        self.model = model
        self._num_substeps = num_substeps
        self._batches: dict[int, Batch] = {}
        self._lock = threading.Lock()  # a Batch serves one Python thread at a time

    def init(self, qpos: jax.Array, qvel: jax.Array) -> PhysicsState:
        warmstart = jnp.zeros(self.model.nv)
        if self.model.nsensordata == 0:
            return PhysicsState(qpos, qvel, warmstart, jnp.zeros(0))
        shape = jax.ShapeDtypeStruct((self.model.nsensordata,), jnp.float32)
        sensordata = jax.pure_callback(
            self._sensors, shape, qpos, qvel, vmap_method="broadcast_all"
        )
        return PhysicsState(qpos, qvel, warmstart, sensordata)

    def step(self, state: PhysicsState, ctrl: jax.Array) -> PhysicsState:
        shapes = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, jnp.float32), state)
        return jax.pure_callback(self._step, shapes, state, ctrl, vmap_method="broadcast_all")

    def _batch(self, num_simulations: int) -> Batch:
        if num_simulations not in self._batches:
            self._batches[num_simulations] = Batch(self.model, num_simulations)
        return self._batches[num_simulations]

    def _sensors(self, qpos, qvel) -> np.ndarray:
        qpos, qvel = np.asarray(qpos), np.asarray(qvel)
        with self._lock:
            batch = self._batch(_count(qpos))
            batch.bind("qpos")[:] = qpos.reshape(-1, self.model.nq)
            batch.bind("qvel")[:] = qvel.reshape(-1, self.model.nv)
            sensordata = batch.bind("sensordata")
            batch.forward(stage=mujoco.mjtStage.mjSTAGE_VEL.value)
            return sensordata.astype(np.float32).reshape(*qpos.shape[:-1], -1)

    def _step(self, state: PhysicsState, ctrl) -> PhysicsState:
        fields = {name: np.asarray(getattr(state, name)) for name in ("qpos", "qvel")}
        fields["qacc_warmstart"] = np.asarray(state.qacc_warmstart)
        fields["ctrl"] = np.asarray(ctrl)
        leading = fields["qpos"].shape[:-1]
        rows = {name: value.reshape(-1, value.shape[-1]) for name, value in fields.items()}
        sane = _sane(rows)
        with self._lock:
            batch = self._batch(_count(fields["qpos"]))
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
        return PhysicsState(*(value.reshape(*leading, value.shape[-1]) for value in arrays))


def _count(qpos: np.ndarray) -> int:
    return int(np.prod(qpos.shape[:-1], dtype=int))


def _sane(rows: dict[str, np.ndarray]) -> np.ndarray:
    """Which simulations [B] MuJoCo accepts: everything finite and below its own bound."""
    sane = np.isfinite(rows["ctrl"]).all(axis=1)
    for name in ("qpos", "qvel", "qacc_warmstart"):
        sane &= (np.abs(rows[name]) < mujoco.mjMAXVAL).all(axis=1)  # false for NaN too
    return sane
