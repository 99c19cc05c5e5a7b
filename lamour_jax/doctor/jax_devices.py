"""In a child process: JAX and its devices."""

from typing import Any

from lamour_jax.doctor.steps import make


def main() -> None:
    make({"import": _version, "devices": _devices})


def _version() -> str:
    import jax

    return jax.__version__


def _devices() -> dict[str, Any]:
    import jax

    kinds = [str(device.device_kind) for device in jax.devices()]
    return {"backend": jax.default_backend(), "kinds": kinds}
