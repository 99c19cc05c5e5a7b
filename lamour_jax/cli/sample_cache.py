"""The states that a robot's reward code is tried on, kept between commands.

To make them its world is imported and compiled, which takes several times as long as the check.
"""

import contextlib
import hashlib
import importlib.metadata
import io
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

import envs
from lamour_jax.cli import common
from lamour_jax.files import write_atomically
from lamour_jax.rewardcode import SampleStates

_FIELDS = ("random", "healthy", "ood", "actions", "path")


def samples_for(robot: str) -> SampleStates:
    """`samples.sample_states` of a robot, from the user's cache where it holds them.

    Raises:
      UserError: no such robot.
    """
    file = common.cache_folder("samples") / f"{robot}-{_digest()}.npz"
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return SampleStates(**{name: arrays[name] for name in _FIELDS})
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):  # none yet, or damaged
        pass
    samples = _make(robot)
    content = io.BytesIO()
    np.savez(content, **{name: getattr(samples, name) for name in _FIELDS})
    with contextlib.suppress(OSError):  # a cache that cannot be written costs time, nothing else
        write_atomically(file, content.getvalue())
    return samples


def _make(robot: str) -> SampleStates:
    """Steps native physics, which compiles in an instant."""
    from lamour_jax.cli.samples import sample_states

    normal = common.make_env(robot, "normal", "native")
    return sample_states(normal, common.make_env(robot, "ood", "native"))


def _digest() -> str:
    """Changes with whatever the samples depend on: the robots' code, how they are drawn, MuJoCo."""
    digest = hashlib.sha256()
    for version in ("jax", "mujoco", "numpy"):
        digest.update(importlib.metadata.version(version).encode())
    robots = sorted(Path(envs.__file__).parent.rglob("*.py"))
    for source in (Path(__file__).with_name("samples.py"), *robots):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
