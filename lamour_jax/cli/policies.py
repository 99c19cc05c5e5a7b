"""The policy that a command works on: a file, a run's, or the shipped one."""

from importlib import resources
from pathlib import Path

from envs.base import RecoveryEnv
from lamour_jax.errors import UserError
from lamour_jax.policy import Policy, load_policy


def policy_for(env: RecoveryEnv, path: Path | None, given: str | None = None) -> tuple[Policy, str]:
    """The policy at `path` (a file or a run folder), or the shipped one; and its name for people.

    Args:
      env: the robot.
      given: how the user calls it, if not by its name.

    Raises:
      UserError: none is shipped for this robot, or the file is not right.
    """
    file = shipped_policy(env.name) if path is None else path
    if file is None:
        raise UserError(
            f"no original policy for {env.name!r} is shipped yet: give one with --policy FILE."
            f" To get one, train it (lamour pretrain --env {given or env.name}) or convert a"
            " released PyTorch policy or one that brax trained (lamour import FILE --env"
            f" {given or env.name})"
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


def shipped_policy(robot: str) -> Path | None:
    """The policy that is part of the package, if there is one."""
    path = Path(str(resources.files("experiments"))) / "policies" / f"{robot}.msgpack"
    return path if path.is_file() else None
