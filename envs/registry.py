"""Environments by name, by class or by file; other packages can add theirs (docs/own-robots.md).

What `find` understands:

    hopper                    one that ships, or that somebody registered
    playground:CheetahRun     one of MuJoCo Playground's
    robots/swimmer.toml       a description (envs.described)
    robots/crab.py:Crab       a subclass of RecoveryEnv in a file
    crabs.envs:Crab           the same in a module
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import inspect
import pkgutil
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envs.base import RecoveryEnv

GROUP = "lamour_jax.environments"  # of entry points: name -> "package.module:Class"
PLAYGROUND = "playground:"
DESCRIPTION = ".toml"

# Resolved when one is asked for: to know their names is not to import JAX, brax and MJX.
_ROBOTS = {
    "ant": "envs.ant:Ant",
    "half_cheetah": "envs.half_cheetah:HalfCheetah",
    "hopper": "envs.hopper:Hopper",
    "humanoid": "envs.humanoid:Humanoid",
    "walker2d": "envs.walker2d:Walker2d",
    "push_chair": "envs.push_chair:PushChair",
}
_registered: dict[str, str | type[RecoveryEnv]] = {}


def shipped() -> tuple[str, ...]:
    """The robots that are part of this package."""
    return tuple(_ROBOTS)


def names() -> tuple[str, ...]:
    """The known robots: those that ship, then those of other packages."""
    return tuple(dict.fromkeys([*_ROBOTS, *_registered, *_entry_points()]))


def register(name: str, environment: str | type[RecoveryEnv]) -> None:
    """Makes a robot known by `name`, in this process.

    Args:
      name: as given to `make` and to the commands' --env.
      environment: a subclass of `RecoveryEnv`, or where it is: "package.module:Class".

    Raises:
      ValueError: the name is taken by a robot that ships, or would be read as something else.
    """
    if not re.fullmatch(r"[\w-]+", name):
        raise ValueError(f"{name!r} is no name for a robot: use letters, digits, _ and -")
    if name in _ROBOTS:
        raise ValueError(f"{name!r} is a robot that ships with this package: choose another name")
    _registered[name] = environment


def make(name: str, start: str = "ood", engine: str = "auto", **settings) -> RecoveryEnv:
    """Builds the environment `name`; the other arguments are `RecoveryEnv`'s.

    Raises:
      ValueError: as `find`, or as `RecoveryEnv`.
    """
    return find(name)(start, engine, **settings)


def find(name: str) -> type[RecoveryEnv]:
    """The class of the environment `name` (see the module's docstring).

    Raises:
      ValueError: there is none, it cannot be imported, or its description is wrong.
    """
    if name in _ROBOTS:
        return pkgutil.resolve_name(_ROBOTS[name])
    known = _registered.get(name) or _entry_points().get(name)
    if isinstance(known, type):
        return _checked(known, name)
    if known is not None:
        return _class_at(known, f"the registered robot {name!r}")
    if name.endswith(DESCRIPTION):
        from envs.described import described_class

        return described_class(Path(name).expanduser())
    if name.startswith(PLAYGROUND):
        from envs.playground import playground_class

        return playground_class(name.removeprefix(PLAYGROUND))
    if ":" in name:
        return _class_at(name, name)
    raise ValueError(
        f"unknown robot {name!r}: choose one of {', '.join(names())}, or give your own:"
        " playground:NAME, FILE.toml, FILE.py:CLASS or PACKAGE.MODULE:CLASS. A package makes its"
        f" robots known by entry points in the group {GROUP!r} (docs/own-robots.md)"
    )


def canonical(name: str) -> str:
    """The name by which the same environment is found from any working folder."""
    file, colon, attribute = name.rpartition(":")
    if colon and file.endswith(".py"):
        return f"{Path(file).expanduser().resolve()}:{attribute}"
    return str(Path(name).expanduser().resolve()) if name.endswith(DESCRIPTION) else name


def label(name: str) -> str:
    """A short name to call files and folders by; nothing is imported or read for it."""
    short = Path(name).stem if name.endswith(DESCRIPTION) else name.rpartition(":")[2]
    return re.sub(r"[^\w.-]+", "-", short)


@cache
def _entry_points() -> dict[str, str]:
    """What installed packages declare; names that are taken by our own robots are left out."""
    found = importlib.metadata.entry_points(group=GROUP)
    return {point.name: point.value for point in found if point.name not in _ROBOTS}


def _class_at(place: str, called: str) -> type[RecoveryEnv]:
    """The class at FILE.py:CLASS or PACKAGE.MODULE:CLASS."""
    source, _, attribute = place.rpartition(":")
    try:
        module = (
            _module_of(Path(source).expanduser().resolve())
            if source.endswith(".py")
            else importlib.import_module(source)
        )
    except Exception as error:  # whatever a stranger's module raises while it is imported
        raise ValueError(
            f"{called}: {source} cannot be imported ({type(error).__name__}: {error})"
        ) from error
    if not hasattr(module, attribute):
        raise ValueError(f"{called}: there is no {attribute!r} in {source}")
    return _checked(getattr(module, attribute), called)


@cache
def _module_of(file: Path) -> ModuleType:
    """The module in a file, which may import its neighbours; loaded once."""
    name = f"lamour_robot_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise FileNotFoundError(f"there is no file {file}")
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _checked(found: object, called: str) -> type[RecoveryEnv]:
    from envs.base import RecoveryEnv

    if not (isinstance(found, type) and issubclass(found, RecoveryEnv)):
        raise ValueError(f"{called}: {found!r} is no subclass of envs.base.RecoveryEnv")
    missing = sorted(getattr(found, "__abstractmethods__", ()))
    missing += [name for name in ("name", "original_task", "num_substeps") if not _has(found, name)]
    if missing:
        raise ValueError(f"{called}: the class {found.__name__} lacks {', '.join(missing)}")
    return found


def _has(found: type, attribute: str) -> bool:
    return inspect.getattr_static(found, attribute, None) is not None
