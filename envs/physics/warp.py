"""MJX on NVIDIA Warp: the same physics as CUDA kernels, which find contacts as native MuJoCo does.

Each physics step is one call of a foreign function for the whole batch. On a GPU Python only
launches a recorded CUDA graph; on a CPU it runs kernels that Warp compiled for it, one simulation
after another, which serves tests and comparisons.

Warp keeps the contacts of all simulations in one array, whose length has to be known when a
program is traced. It is sized here for the most that the model's geoms can have at once
(`most_contacts`). Should a geometry exceed this all the same, Warp marks the simulations that may
have lost a contact, and they come back as NaN: nothing is dropped silently.
"""

import copy
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from envs.physics.base import PhysicsState, SolverLimits
from envs.physics.quiet_mjx import mjx

import mujoco.mjx.warp as mjx_warp  # isort: skip

Batched = Callable[[PhysicsState, jax.Array], PhysicsState]

PLANE, SPHERE, CAPSULE = (
    int(kind)
    for kind in (
        mujoco.mjtGeom.mjGEOM_PLANE,
        mujoco.mjtGeom.mjGEOM_SPHERE,
        mujoco.mjtGeom.mjGEOM_CAPSULE,
    )
)
# Most contacts of two geoms by their types, in MuJoCo's order.
CONTACTS = {
    (PLANE, SPHERE): 1,
    (PLANE, CAPSULE): 2,
    (SPHERE, SPHERE): 1,
    (SPHERE, CAPSULE): 1,
    (CAPSULE, CAPSULE): 2,
}
OTHER_CONTACTS = 8  # boxes and meshes have no more


class WarpEngine:
    """MJX's Warp implementation, with the solver's iterations limited as MJX's own are.

    Raises:
      ValueError: Warp is not installed, or the device is neither a CPU nor an NVIDIA GPU.
    """

    name = "warp"

    def __init__(self, model: mujoco.MjModel, *, num_substeps: int, limits: SolverLimits):
        _check_warp()
        self.model = copy.copy(model)
        self.model.opt.iterations = limits.iterations
        self.model.opt.ls_iterations = limits.ls_iterations
        self._num_substeps = num_substeps
        self._mjx_model = _put_model(self.model)
        self._contacts = most_contacts(self.model, self._mjx_model._impl.nxn_geom_pair_filtered)
        self._constraints = most_constraints(self.model, self._contacts)
        self._step_batch = _flat_batches(self._step)
        self._sense_batch = _flat_batches(self._sense)

    def init(self, qpos: jax.Array, qvel: jax.Array) -> PhysicsState:
        state = PhysicsState(
            qpos, qvel, jnp.zeros(self.model.nv), jnp.zeros(self.model.nsensordata)
        )
        if self.model.nsensordata == 0:
            return state
        return _one(self._sense_batch, state, jnp.zeros(self.model.nu))

    def step(self, state: PhysicsState, ctrl: jax.Array) -> PhysicsState:
        return _one(self._step_batch, state, ctrl)

    def _step(self, states: PhysicsState, ctrl: jax.Array) -> PhysicsState:
        """A control step of all simulations, [B, ...]."""
        blank = self._blank_data(len(ctrl))

        def control_step(state: PhysicsState, ctrl: jax.Array) -> PhysicsState:
            data, _ = jax.lax.scan(
                lambda data, _: (mjx.step(self._mjx_model, data), None),
                _filled(blank, state, ctrl),
                length=self._num_substeps,
            )
            after = PhysicsState(data.qpos, data.qvel, data.qacc_warmstart, data.sensordata)
            lost = _blown_up(after) | ((data._impl.overflow & _lost_contacts()) != 0)
            return jax.tree.map(lambda x: jnp.where(lost, jnp.nan, x), after)

        return jax.vmap(control_step)(states, ctrl)

    def _sense(self, states: PhysicsState, ctrl: jax.Array) -> PhysicsState:
        """The same states [B, ...] with current sensors."""
        blank = self._blank_data(len(ctrl))

        def sense(state: PhysicsState, ctrl: jax.Array) -> PhysicsState:
            data = mjx.forward(self._mjx_model, _filled(blank, state, ctrl))
            return state.replace(sensordata=data.sensordata)

        return jax.vmap(sense)(states, ctrl)

    def _blank_data(self, num_simulations: int) -> mjx.Data:
        """Data for one of `num_simulations`, with room for the contacts of all."""
        with jax.ensure_compile_time_eval():
            data = mjx.make_data(
                self.model,
                impl="warp",
                naconmax=num_simulations * self._contacts,
                njmax=self._constraints,
            )
            values = jax.tree.map(np.asarray, data)
        return jax.tree.map(_as_fill, values)


def most_contacts(model: mujoco.MjModel, geom_pairs: np.ndarray) -> int:
    """The most contacts that one simulation can have, when each of its `geom_pairs` [P, 2] (all
    that may collide at all) touches at once. At least 1."""
    kinds = np.sort(model.geom_type[np.asarray(geom_pairs, int)], axis=-1)
    return max(1, sum(CONTACTS.get((int(a), int(b)), OTHER_CONTACTS) for a, b in kinds))


def most_constraints(model: mujoco.MjModel, num_contacts: int) -> int:
    """The most rows that the solver can have with `num_contacts`: a pyramidal cone needs two for
    each direction of friction; an equality has at most six; a joint touches one of its limits."""
    condim = max([*model.geom_condim, *model.pair_dim, 1])
    limits = np.count_nonzero(model.jnt_limited) + np.count_nonzero(model.tendon_limited)
    friction = np.count_nonzero(model.dof_frictionloss) + np.count_nonzero(
        model.tendon_frictionloss
    )
    return num_contacts * max(1, 2 * (int(condim) - 1)) + 6 * model.neq + limits + friction


def warp_available() -> bool:
    """Whether NVIDIA Warp is installed."""
    return mjx_warp.WARP_INSTALLED


def _check_warp() -> None:
    if not warp_available():
        raise ValueError(
            "the physics engine 'warp' needs NVIDIA Warp, which is not installed or cannot be"
            " loaded here: pip install -e '.[warp]'"
        )
    import warp

    # Its greeting and the list of kernels that it compiles would spoil the commands' output.
    warp.config.log_level = max(warp.config.log_level, warp.LOG_ERROR)


def _put_model(model: mujoco.MjModel) -> Any:
    device = jax.local_devices()[0]
    try:
        put = mjx.put_model(model, device=device, impl="warp")
    except AssertionError:
        raise ValueError(
            f"the physics engine 'warp' runs on NVIDIA GPUs and CPUs, not on {device.device_kind}"
        ) from None
    # Warp would print a line for each simulation that its limited solver leaves early.
    return put.tree_replace({"opt._impl.warn_overflow": 0})


def _lost_contacts() -> int:
    """The bits by which Warp says that a contact or one of its rows found no room."""
    bits = mjx_warp.mjwp_types.OverflowType
    return int(bits.NEFC | bits.NJMAX_NNZ | bits.BROADPHASE | bits.NARROWPHASE | bits.CCD)


def _blown_up(state: PhysicsState) -> jax.Array:
    """[] bool, by MuJoCo's own bound; Warp goes on with whatever numbers it has."""
    motion = jnp.concatenate([state.qpos, state.qvel, state.qacc_warmstart])
    return ~jnp.all(jnp.abs(motion) < mujoco.mjMAXVAL)  # true for NaN, too


def _filled(blank: mjx.Data, state: PhysicsState, ctrl: jax.Array) -> mjx.Data:
    return blank.replace(
        qpos=state.qpos, qvel=state.qvel, qacc_warmstart=state.qacc_warmstart, ctrl=ctrl
    )


def _as_fill(values: np.ndarray) -> jax.Array:
    """The same array, written on the device where it has one value only: as constants, contacts
    would swell programs by megabytes."""
    if values.size and (values == values.flat[0]).all():
        return jnp.full(values.shape, values.flat[0], values.dtype)
    return jnp.asarray(values)


def _flat_batches(function: Batched) -> Batched:
    """`function` of a batch [B, ...], given each `jax.vmap` around it as part of that one batch.

    JAX traces a function under `vmap` as if there were one simulation, but room for contacts has
    to be made for all.
    """
    flat = jax.custom_batching.custom_vmap(function)

    def rule(axis_size: int, in_batched: list, states: PhysicsState, ctrl: jax.Array):
        def rows(leaf: jax.Array, batched: bool) -> jax.Array:
            leaf = leaf if batched else jnp.broadcast_to(leaf, (axis_size, *leaf.shape))
            return leaf.reshape(axis_size * leaf.shape[1], *leaf.shape[2:])

        states, ctrl = jax.tree.map(rows, (states, ctrl), tuple(in_batched))
        out = flat(states, ctrl)
        inner = ctrl.shape[0] // axis_size
        out = jax.tree.map(lambda leaf: leaf.reshape(axis_size, inner, *leaf.shape[1:]), out)
        return out, jax.tree.map(lambda _: True, out)

    flat.def_vmap(rule)
    return flat


def _one(batch: Batched, state: PhysicsState, ctrl: jax.Array) -> PhysicsState:
    """A function of batches, of one simulation."""
    out = batch(jax.tree.map(lambda leaf: leaf[None], state), ctrl[None])
    return jax.tree.map(lambda leaf: leaf[0], out)
