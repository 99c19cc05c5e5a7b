"""Physics engines behind one interface: `init`, `step` on a `PhysicsState`.

An environment asks for an engine by name and never learns which one it got. `auto` is the rule of
thumb: native MuJoCo on the host's cores where JAX has only a CPU, MJX on an accelerator. Warp is
probably the faster one on an NVIDIA GPU, but it is an extra package, is in MJX for less long (MJX
itself does not choose it by default), and was never measured here on one: it runs when asked for.
"""

import jax
import mujoco

from envs.physics.base import Engine, PhysicsState, SolverLimits
from envs.physics.mjx import MjxEngine
from envs.physics.native import NativeEngine
from envs.physics.warp import WarpEngine, warp_available

ENGINES = ("native", "mjx", "warp")

# What MuJoCo keeps between steps beside positions, velocities and the solver's warm start.
BETWEEN = mujoco.mjtState.mjSTATE_ACT | mujoco.mjtState.mjSTATE_HISTORY

__all__ = [
    "ENGINES",
    "Engine",
    "PhysicsState",
    "SolverLimits",
    "available_engines",
    "make_engine",
    "resolve_engine",
]


def available_engines() -> tuple[str, ...]:
    """The engines whose packages are installed."""
    return tuple(name for name in ENGINES if name != "warp" or warp_available())


def resolve_engine(name: str) -> str:
    """The engine that `name` ("auto" or one of ENGINES) stands for on this machine.

    Raises:
      ValueError: the name is not one of these.
    """
    if name == "auto":
        return "native" if jax.default_backend() == "cpu" else "mjx"
    if name not in ENGINES:
        raise ValueError(
            f"unknown physics engine {name!r}: choose one of auto, {', '.join(ENGINES)}"
        )
    return name


def make_engine(
    name: str, model: mujoco.MjModel, *, num_substeps: int, mjx_limits: SolverLimits
) -> Engine:
    """Builds the engine `name` for `model`, `num_substeps` physics steps per control step.

    Raises:
      ValueError: an unknown name, an engine that this machine cannot run, or a model that the
        engine cannot run or has more state than `PhysicsState` carries.
    """
    resolved = resolve_engine(name)
    if mujoco.mj_stateSize(model, BETWEEN):
        raise ValueError(
            "the model has actuators with activations or delays, a state that is not carried here:"
            " use motors, position or velocity actuators without filters"
        )
    if resolved == "native":
        return NativeEngine(model, num_substeps=num_substeps)
    kind = WarpEngine if resolved == "warp" else MjxEngine
    try:
        return kind(model, num_substeps=num_substeps, limits=mjx_limits)
    except NotImplementedError as error:
        raise ValueError(
            f"the physics engine {resolved!r} cannot run this model: {error}"
        ) from None
