"""The states that a robot's reward code is tried on, kept between commands.

To make them its world is imported and compiled, which takes several times as long as the check.
"""

import contextlib
import sys
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

import envs
from lamour_jax.cli import common
from lamour_jax.cli.cache import world_digest
from lamour_jax.files import cache_folder, write_arrays
from lamour_jax.rewardcode import SampleStates

_FIELDS = ("random", "healthy", "ood", "actions", "path")


def samples_for(robot: str) -> SampleStates:
    """`samples.sample_states` of a robot, from the user's cache where it holds them.

    Raises:
      UserError: no such robot.
    """
    file = _file(robot)
    if file is None:
        return _make(robot)
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return SampleStates(**{name: arrays[name] for name in _FIELDS})
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):  # none yet, or damaged
        pass
    samples = _make(robot)
    with contextlib.suppress(OSError):
        write_arrays(file, {name: getattr(samples, name) for name in _FIELDS})
    return samples


def _file(robot: str) -> Path | None:
    """Where they are kept; None for a robot that may change without anybody's knowing."""
    # Of a robot that ships, without importing its world.
    content: bytes | None = b""
    if robot not in envs.shipped():
        content = common.find_env(robot).fingerprint()
    if content is None:
        return None
    digest = world_digest(Path(__file__).with_name("samples.py"), content=content)
    return cache_folder("samples") / f"{envs.label(robot)}-{digest}.npz"


def _make(robot: str) -> SampleStates:
    from lamour_jax.cli.samples import sample_states

    # On MJX minutes of compilation. Standard output may be for JSON alone.
    print(f"gathering states of {envs.label(robot)} to try reward code on ...", file=sys.stderr)
    normal = common.make_light_env(robot, "normal")
    return sample_states(normal, common.make_light_env(robot, "ood"))
