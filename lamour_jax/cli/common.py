"""What the commands share: set-up, environments, settings, output folders.

Imports as little as it can: `lamour check` must not wait for physics and the trainer's libraries.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import jax

import envs
from envs.opengl import RenderingUnavailable
from lamour_jax.backend import start_backend
from lamour_jax.errors import EncoderUnavailable, UserError
from lamour_jax.files import cache_folder

if TYPE_CHECKING:
    from envs.base import RecoveryEnv

T = TypeVar("T")


def set_up(*, start: bool = True) -> None:
    """Prepares JAX; must run before the first array exists.

    Compiled programs are kept in the user's cache, so that the second start is quick; physics
    needs full float32 products (TF32 hurts MJX).

    Args:
      start: its backend, too; where processes come together `joined` does.

    Raises:
      UserError: the devices that JAX was asked for are not here.
    """
    warnings.filterwarnings("ignore", message="compiler attribute 'settotalmass'")
    jax.config.update("jax_compilation_cache_dir", str(cache_folder("jit")))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    jax.config.update("jax_default_matmul_precision", "highest")
    os.environ.setdefault("WARP_CACHE_PATH", str(cache_folder("warp")))  # of the engine warp
    if start:
        start_backend()


@contextmanager
def progress_apart(json: bool) -> Iterator[None]:
    """What is printed inside goes to standard error where standard output is for JSON alone."""
    with redirect_stdout(sys.stderr if json else sys.stdout):
        yield


@contextmanager
def films_explained(folder: Path) -> Iterator[None]:
    """Says where the measures are, if a film cannot be drawn inside.

    Raises:
      UserError: it could not.
    """
    try:
        yield
    except (RenderingUnavailable, EncoderUnavailable) as error:
        raise UserError(
            f"the measures are in {folder / 'metrics.json'}, but there is no video: {error}"
        ) from None


def add_env_argument(parser: argparse.ArgumentParser, **settings: Any) -> None:
    """--env, which must be given unless the settings (of `add_argument`) say otherwise."""
    kinds = "playground:NAME, a description FILE.toml, or a class FILE.py:CLASS"
    text = f"the robot: {', '.join(envs.names())}; {kinds} (docs/own-robots.md)"
    parser.add_argument("--env", **{"required": True, "help": text, **settings})


def add_physics_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--physics",
        default="auto",
        help="engine: auto, native (host cores), mjx (JAX) or warp (NVIDIA Warp)",
    )


def add_devices_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--devices", type=int, help="how many share the work; as many as can if left out"
    )


def add_out_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=None, help="output folder (default: runs/...)")


def make_env(name: str, start: str, physics: str, **settings: Any) -> RecoveryEnv:
    """`envs.make`, with its complaints made the user's."""
    try:
        return envs.make(name, start, physics, **settings)
    except ValueError as error:
        raise UserError(str(error)) from None


def find_env(name: str) -> type[RecoveryEnv]:
    """`envs.find`, with its complaints made the user's."""
    try:
        return envs.find(name)
    except ValueError as error:
        raise UserError(str(error)) from None


def make_light_env(name: str, start: str) -> RecoveryEnv:
    """As `make_env`, on native physics, which compiles in an instant, where the environment can."""
    return make_env(name, start, "native" if "native" in find_env(name).engines else "auto")


def user_settings(kind: Callable[..., T], **values: Any) -> T:
    """Builds a settings object; values out of range are the user's error, said of their options."""
    try:
        return kind(**values)
    except ValueError as error:
        message = str(error)
    for field, option in (("num_envs", "--num-envs"), ("num_updates", "--updates")):
        message = message.replace(field, option)
    raise UserError(message)


def output_folder(out: Path | None, *parts: str) -> Path:
    """The folder asked for, or a fresh runs/PARTS-TIME, of a command and an environment."""
    if out is not None:
        return out
    return Path("runs") / "-".join([*map(envs.label, parts), time.strftime("%Y%m%d-%H%M%S")])
