"""JAX: can it be imported, which devices has it, and are its numbers right?"""

import os
from collections import Counter
from pathlib import Path

from lamour_jax.doctor.finding import FAIL, OK, WARN, Finding
from lamour_jax.doctor.steps import run_steps
from lamour_jax.doctor.versions import tested_versions

_LIMIT = 120.0  # seconds: a GPU's driver takes half a minute to start at worst

# What tells that an accelerator is in the machine, seen by JAX or not, and JAX's part for it.
_ACCELERATORS = {
    "an NVIDIA GPU": (("proc/driver/nvidia/version", "dev/nvidia0"), "cuda"),
    "a TPU": (("dev/accel0",), "tpu"),
}


def check_devices(limit: float = _LIMIT, root: Path = Path("/")) -> Finding:
    """What JAX computes on.

    Args:
      limit: seconds to wait for it.
      root: of the file system, in which accelerators are looked for.
    """
    report = run_steps("lamour_jax.doctor.jax_devices", limit)
    if report.step in ("start", "import"):
        return Finding(FAIL, f"JAX cannot be imported: {report.failure}", _reinstall())
    if report.failure:
        return Finding(FAIL, f"JAX finds no devices: {report.failure}", _devices_advice())
    found = report.results["devices"]
    kinds = ", ".join(f"{count} x {kind}" for kind, count in Counter(found["kinds"]).items())
    for what, (files, extra) in _ACCELERATORS.items():
        if found["backend"] == "cpu" and any((root / file).exists() for file in files):
            return Finding(
                WARN,
                f"{kinds} ({found['backend']}), and {what} that JAX does not use",
                _unused_advice(extra),
            )
    return Finding(OK, f"{kinds} ({found['backend']})")


def check_numbers(limit: float = _LIMIT) -> Finding:
    """Programs that some versions of JAX compile wrongly, against NumPy."""
    report = run_steps("lamour_jax.doctor.jax_numbers", limit)
    if report.failure:
        return Finding(FAIL, f"{report.step}: {report.failure}", _reinstall())
    worst = max(report.results.values())
    return Finding(OK, f"{len(report.results)} programs agree with NumPy to {worst:.0e}")


def _reinstall() -> str:
    versions = tested_versions()
    return "take the tested JAX: pip install " + " ".join(
        f"{name}=={versions[name]}" for name in ("jax", "jaxlib")
    )


def _devices_advice() -> str:
    asked = os.environ.get("JAX_PLATFORMS")
    if not asked:
        return f"see that the driver works (nvidia-smi), or {_reinstall()}"
    return (
        f"JAX_PLATFORMS={asked} asks for what is not here: install JAX's part for it (pip install"
        " -e '.[cuda]' or '.[tpu]') and see that its driver works, or unset the variable"
    )


def _unused_advice(extra: str) -> str:
    if os.environ.get("JAX_PLATFORMS", "").startswith("cpu"):
        return "unset JAX_PLATFORMS, which asks for the CPU"
    return f"install JAX's part for it: pip install -e '.[{extra}]'"
