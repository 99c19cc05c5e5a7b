"""Robots by name."""

from __future__ import annotations

import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envs.base import RecoveryEnv

# Resolved when one is asked for: to know their names is not to import JAX, brax and MJX.
_ROBOTS = {
    "ant": "envs.ant:Ant",
    "half_cheetah": "envs.half_cheetah:HalfCheetah",
    "hopper": "envs.hopper:Hopper",
    "humanoid": "envs.humanoid:Humanoid",
    "walker2d": "envs.walker2d:Walker2d",
    "push_chair": "envs.push_chair:PushChair",
}


def names() -> tuple[str, ...]:
    """The known robots."""
    return tuple(_ROBOTS)


def make(name: str, start: str = "ood", engine: str = "auto", **settings) -> RecoveryEnv:
    """Builds the environment `name`; the other arguments are `RecoveryEnv`'s.

    Raises:
      ValueError: no robot has this name.
    """
    if name not in _ROBOTS:
        raise ValueError(f"unknown robot {name!r}: choose one of {', '.join(_ROBOTS)}")
    return pkgutil.resolve_name(_ROBOTS[name])(start, engine, **settings)
