"""Robots and their worlds: physics, starts, health and rewards. Knows nothing of learning."""

from envs.opengl import import_mujoco

import_mujoco()

from envs.registry import (  # noqa: E402
    canonical,
    find,
    label,
    make,
    names,
    register,
    shipped,
)

__all__ = ["canonical", "find", "label", "make", "names", "register", "shipped"]
