"""MJX, imported quietly.

It prints to standard output where its optional Warp backend is not installed, which would spoil the
commands' JSON. Whoever may be the first to import it (brax does, too) imports this module before.
"""

import contextlib
import io

with contextlib.redirect_stdout(io.StringIO()):
    from mujoco import mjx

__all__ = ["mjx"]
