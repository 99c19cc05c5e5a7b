"""What the figures were measured on."""

import os
import platform
import resource
import time
from importlib.metadata import version
from typing import Any

import jax

PACKAGES = ("jax", "jaxlib", "flax", "mujoco", "mujoco-mjx", "brax")


def describe() -> dict[str, Any]:
    """Cores, devices, versions, date."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "platform": platform.platform(terse=True),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "backend": jax.default_backend(),
        "devices": [str(device.device_kind) for device in jax.local_devices()],
        "matmul_precision": jax.config.values["jax_default_matmul_precision"],
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def memory() -> dict[str, int]:
    """The most that this process has used so far (bytes), and its first device where that says."""
    unit = 1 if platform.system() == "Darwin" else 1024
    peak = {"peak_rss_bytes": unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}
    stats = jax.local_devices()[0].memory_stats()
    if stats and "peak_bytes_in_use" in stats:
        peak["peak_device_bytes"] = stats["peak_bytes_in_use"]
    return peak


def in_words(machine: dict[str, Any]) -> str:
    """A line for people."""
    return (
        f"{machine['cores']} cores (load {machine['load']:.1f}), {machine['devices'][0]}, jax"
        f" {machine['jax']}, mujoco {machine['mujoco']}, {machine['date']}"
    )
