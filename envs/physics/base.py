"""What every physics engine offers: a small state, `init` and `step`."""

from typing import NamedTuple, Protocol

import jax
import mujoco
from flax import struct


class PhysicsState(struct.PyTreeNode):
    """The state of one simulation between two control steps.

    Everything that MuJoCo derives from it is computed anew in each step, so that thousands of
    robots cost kilobytes and not the 12 to 40 kB each of a full `mjx.Data`.

    Attributes:
      qpos: [nq] generalised positions (m, rad, unit quaternions).
      qvel: [nv] generalised velocities (m/s, rad/s).
      qacc_warmstart: [nv] the last accelerations, where the constraint solver starts from.
      sensordata: [nsensordata] the model's sensors. As with `mj_step` they describe the state
        before the last substep.
    """

    qpos: jax.Array
    qvel: jax.Array
    qacc_warmstart: jax.Array
    sensordata: jax.Array


class SolverLimits(NamedTuple):
    """Fixed iteration counts of MJX's constraint solver, its own and Warp's.

    A vmapped `while_loop` runs until its slowest simulation has converged, so MJX needs small
    limits; each robot's were chosen by measured agreement with native MuJoCo.
    """

    iterations: int
    ls_iterations: int


class Engine(Protocol):
    """Physics of one model; functions of one simulation, to be used under `jax.vmap`."""

    name: str
    model: mujoco.MjModel

    def init(self, qpos: jax.Array, qvel: jax.Array) -> PhysicsState:
        """A state at rest in the solver's sense; its sensors (position, velocity) are current."""
        ...

    def step(self, state: PhysicsState, ctrl: jax.Array) -> PhysicsState:
        """One control step with `ctrl` [nu] held; a simulation that blew up comes back as NaN."""
        ...
