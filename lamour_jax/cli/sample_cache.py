"""The states that a robot's reward code is tried on, kept between commands.

To make them its world is imported and compiled, which takes several times as long as the check.
"""

import io
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from lamour_jax.cli import common
from lamour_jax.cli.cache import store, world_digest
from lamour_jax.files import cache_folder
from lamour_jax.rewardcode import SampleStates

_FIELDS = ("random", "healthy", "ood", "actions", "path")


def samples_for(robot: str) -> SampleStates:
    """`samples.sample_states` of a robot, from the user's cache where it holds them.

    Raises:
      UserError: no such robot.
    """
    digest = world_digest(Path(__file__).with_name("samples.py"))
    file = cache_folder("samples") / f"{robot}-{digest}.npz"
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return SampleStates(**{name: arrays[name] for name in _FIELDS})
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):  # none yet, or damaged
        pass
    samples = _make(robot)
    content = io.BytesIO()
    np.savez(content, **{name: getattr(samples, name) for name in _FIELDS})
    store(file, content.getvalue())
    return samples


def _make(robot: str) -> SampleStates:
    """Steps native physics, which compiles in an instant."""
    from lamour_jax.cli.samples import sample_states

    normal = common.make_env(robot, "normal", "native")
    return sample_states(normal, common.make_env(robot, "ood", "native"))
