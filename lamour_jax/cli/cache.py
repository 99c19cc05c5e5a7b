"""What commands keep in the user's cache: compiled programs, and what is slow to compute anew.

Nothing in it is needed: a file that is missing, damaged or cannot be written costs time alone.
"""

import contextlib
import hashlib
import importlib.metadata
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import envs
from lamour_jax.files import write_json


def world_digest(*modules: Path, content: bytes = b"") -> str:
    """Names a result that depends on the robots' code and poses, the numerical libraries, the
    source of `modules` and `content`: it changes with any of them."""
    digest = hashlib.sha256(content)
    for library in ("jax", "mujoco", "numpy"):
        digest.update(importlib.metadata.version(library).encode())
    world = Path(envs.__file__).parent
    for source in (*modules, *sorted(world.rglob("*.py")), *sorted(world.rglob("*.npz"))):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def remembered(file: Path, compute: Callable[[], Any]) -> Any:
    """The JSON value in `file`, else what `compute` returns, which is then stored."""
    with contextlib.suppress(OSError, ValueError):
        return json.loads(file.read_text())
    value = compute()
    with contextlib.suppress(OSError):
        write_json(file, value)
    return value
