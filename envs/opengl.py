"""An OpenGL context without a display, opened when the first picture is drawn.

MuJoCo chooses its OpenGL library while it is imported, which is too early for a package whose
physics must also work where there is no OpenGL at all. This module asks for a context when one is
needed: from the library that `MUJOCO_GL` names, else from EGL on a Linux machine without a display,
else from the window system.
"""

import importlib
import os
import sys
from typing import Any

_LIBRARIES = {
    "egl": "mujoco.egl",
    "osmesa": "mujoco.osmesa",
    "glfw": "mujoco.glfw",
    "cgl": "mujoco.cgl",
}
_OFF = ("disable", "disabled", "off", "false", "0")


class RenderingUnavailable(RuntimeError):
    """There is no OpenGL here to draw with. The message says how to get one."""


def import_mujoco() -> None:
    """Imports MuJoCo, also where the OpenGL that `MUJOCO_GL` names is unknown or broken.

    The variable is put back, so that drawing, when it is asked for, can say what is wrong with it.
    """
    try:
        importlib.import_module("mujoco")
    except Exception:  # PyOpenGL fails in many types
        wanted = os.environ.get("MUJOCO_GL")
        if wanted is None:
            raise
        os.environ["MUJOCO_GL"] = "disable"
        try:
            package = importlib.import_module("mujoco")
        finally:
            os.environ["MUJOCO_GL"] = wanted
        # The first attempt left its modules behind; the second did not bind them to the package.
        for name, module in list(sys.modules.items()):
            parent, _, child = name.rpartition(".")
            if parent == "mujoco":
                setattr(package, child, module)


def open_context(width: int, height: int) -> Any:
    """A MuJoCo `GLContext` of this size in pixels, current in this thread.

    Raises:
      RenderingUnavailable: none can be opened.
    """
    wanted = os.environ.get("MUJOCO_GL", "").lower().strip()
    if wanted in _OFF:
        raise RenderingUnavailable(
            f"MUJOCO_GL={wanted} switches drawing off: unset it, or set it to egl or osmesa"
        )
    if wanted and wanted not in _LIBRARIES:
        raise RenderingUnavailable(
            f"MUJOCO_GL={wanted} is not known: unset it, or set it to one of"
            f" {', '.join(_LIBRARIES)}"
        )
    name = wanted or _default_library()
    try:
        context = importlib.import_module(_LIBRARIES[name]).GLContext(width, height)
        context.make_current()
    except Exception as error:  # PyOpenGL fails in many types, AttributeError among them
        raise RenderingUnavailable(advice(f"{name}: {error}")) from error
    return context


def advice(reason: str) -> str:
    """What to tell a person whose machine cannot draw, for this reason."""
    return (
        f"no OpenGL context could be opened ({reason}). On Debian or Ubuntu, 'apt-get install "
        "libegl1' lets MuJoCo draw without a display; without a graphics driver, 'apt-get install "
        "libosmesa6' and MUJOCO_GL=osmesa draw in software"
    )


def _default_library() -> str:
    if sys.platform == "darwin":
        return "cgl"
    if sys.platform == "linux" and not _has_display():
        return "egl"
    return "glfw"


def _has_display() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
