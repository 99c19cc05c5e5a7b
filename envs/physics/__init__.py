"""Physics engines behind one interface: `init`, `step` on a `PhysicsState`.

An environment asks for an engine by name and never learns which one it got. `auto` is the rule of
thumb: native MuJoCo on the host's cores where JAX has only a CPU, MJX on an accelerator.
"""

import jax
import mujoco

from envs.physics.base import Engine, PhysicsState, SolverLimits
from envs.physics.mjx import MjxEngine
from envs.physics.native import NativeEngine

ENGINES = ("native", "mjx")

__all__ = ["ENGINES", "Engine", "PhysicsState", "SolverLimits", "make_engine", "resolve_engine"]


def resolve_engine(name: str) -> str:
    """The engine that `name` ("auto", "native" or "mjx") stands for on this machine.

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
    """Builds the engine `name` for `model`, `num_substeps` physics steps per control step."""
    if resolve_engine(name) == "native":
        return NativeEngine(model, num_substeps=num_substeps)
    return MjxEngine(model, num_substeps=num_substeps, limits=mjx_limits)
