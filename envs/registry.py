"""Robots by name."""

from envs.ant import Ant
from envs.base import RecoveryEnv
from envs.half_cheetah import HalfCheetah
from envs.hopper import Hopper
from envs.walker2d import Walker2d

_ROBOTS: dict[str, type[RecoveryEnv]] = {
    robot.name: robot for robot in (Ant, HalfCheetah, Hopper, Walker2d)
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
    return _ROBOTS[name](start, engine, **settings)
