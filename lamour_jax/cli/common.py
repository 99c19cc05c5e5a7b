"""What the commands share: set-up, environments, policies, output folders."""

import argparse
import os
import time
import warnings
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import jax

import envs
from envs.base import RecoveryEnv
from lamour_jax.config import TrainConfig, to_json
from lamour_jax.errors import UserError
from lamour_jax.files import write_json
from lamour_jax.policy import Policy, load_policy
from lamour_jax.runs import Run, read_config

T = TypeVar("T")


def set_up() -> None:
    """Prepares JAX; must run before the first array exists.

    Compiled programs are kept in the user's cache, so that the second start is quick; physics
    needs full float32 products (TF32 hurts MJX).
    """
    warnings.filterwarnings("ignore", message="compiler attribute 'settotalmass'")
    jax.config.update("jax_compilation_cache_dir", str(cache_folder("jit")))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    jax.config.update("jax_default_matmul_precision", "highest")


def cache_folder(name: str) -> Path:
    """A folder in the user's cache."""
    base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "lamour_jax" / name


def add_env_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env", required=True, help=f"the robot: {', '.join(envs.names())}")


def add_physics_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--physics", default="auto", help="engine: auto, native (host cores) or mjx (JAX)"
    )


def add_out_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=None, help="output folder (default: runs/...)")


def make_env(name: str, start: str, physics: str, **settings: Any) -> RecoveryEnv:
    """`envs.make`, with its complaints made the user's."""
    try:
        return envs.make(name, start, physics, **settings)
    except ValueError as error:
        raise UserError(str(error)) from None


def policy_for(env: RecoveryEnv, path: Path | None) -> tuple[Policy, str]:
    """The policy at `path` (a file or a run folder), or the shipped one; and its name for people.

    Raises:
      UserError: none is shipped for this robot, or the file is not right.
    """
    file = shipped_policy(env.name) if path is None else path
    if file is None:
        raise UserError(
            f"no original policy for {env.name!r} is shipped yet: give one with --policy FILE."
            f" To get one, train it (lamour pretrain --env {env.name}) or convert a released"
            f" PyTorch policy (lamour import actor.pt --env {env.name})"
        )
    if file.is_dir():
        file = file / "policy.msgpack"
    policy = load_policy(
        file,
        robot=env.name,
        observation_size=env.observation_size,
        action_size=env.action_size,
    )
    return policy, "shipped" if path is None else str(file)


def open_run(folder: Path | None, kind: str, updates: int | None = None) -> Run:
    """Opens the run of `lamour KIND` in `folder`, to be continued.

    Args:
      updates: the run's new length; None leaves it as it was. Schedules stretch with it.

    Raises:
      UserError: no folder given, or it holds no such run.
    """
    if folder is None:
        raise UserError("--resume needs --out, the folder of the run to continue")
    config = read_config(folder)
    if config["kind"] != kind:
        raise UserError(f"{folder} holds a run of `lamour {config['kind']}`: resume it with that")
    if updates is not None:
        settings = user_settings(TrainConfig, **{**config["train"], "num_updates": updates})
        config["train"] = to_json(settings)
        write_json(folder / "config.json", config)
    return Run(folder, config)


def user_settings(kind: Callable[..., T], **values: Any) -> T:
    """Builds a settings object; values out of range are the user's error."""
    try:
        return kind(**values)
    except ValueError as error:
        raise UserError(str(error)) from None


def shipped_policy(robot: str) -> Path | None:
    """The policy that is part of the package, if there is one."""
    path = Path(str(resources.files("experiments"))) / "policies" / f"{robot}.msgpack"
    return path if path.is_file() else None


def output_folder(out: Path | None, *parts: str) -> Path:
    """The folder asked for, or a fresh runs/PARTS-TIME."""
    if out is not None:
        return out
    return Path("runs") / "-".join([*parts, time.strftime("%Y%m%d-%H%M%S")])
