"""Robots and their worlds: physics, starts, health and rewards. Knows nothing of learning."""

import contextlib
import io

from envs.opengl import import_mujoco

import_mujoco()

# MJX prints to standard output where its optional Warp backend is not installed, which would spoil
# the commands' JSON. Importing it here, first and quietly, keeps that away.
with contextlib.redirect_stdout(io.StringIO()):
    import mujoco.mjx  # noqa: F401

from envs.registry import make, names  # noqa: E402

__all__ = ["make", "names"]
