"""Robots and their worlds: physics, starts, health and rewards. Knows nothing of learning."""

from envs.opengl import import_mujoco

import_mujoco()

from envs.registry import make, names  # noqa: E402

__all__ = ["make", "names"]
