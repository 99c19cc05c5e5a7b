"""What the figures were measured on."""

import os
import platform
import resource
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax

from envs.physics.native import usable_cores

PACKAGES = ("jax", "jaxlib", "flax", "mujoco", "mujoco-mjx", "brax")


def describe() -> dict[str, Any]:
    """Processor, cores, devices, versions, date."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "platform": platform.platform(terse=True),
        "processor": _processor(),
        "cores": usable_cores() or os.cpu_count(),
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
    cores = machine["cores"]
    devices = ", ".join(f"{count} x {kind}" for kind, count in Counter(machine["devices"]).items())
    return (
        f"{machine['processor']}, {cores} core{'s' if cores > 1 else ''} (load"
        f" {machine['load']:.1f}), {devices}, jax {machine['jax']}, mujoco {machine['mujoco']},"
        f" {machine['date']}"
    )


def _processor() -> str:
    """The processor's own name where Linux tells it, else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
