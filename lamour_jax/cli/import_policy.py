"""`lamour import`: a policy that somebody else trained becomes one of ours."""

import argparse
from pathlib import Path

from envs.base import RecoveryEnv
from lamour_jax.brax_policies import is_brax_file, policy_from_brax, read_brax
from lamour_jax.cli import common
from lamour_jax.files import write_json
from lamour_jax.importing import actor_params, read_state_dict
from lamour_jax.networks import ACTIVATIONS, actor_settings
from lamour_jax.policy import Policy, policy_from_params, save_policy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        type=Path,
        help="a released actor, actor_N.pt; or what brax saved: a file of brax.io.model.save_params"
        " or a folder of brax.training.checkpoint",
    )
    common.add_env_argument(parser)
    parser.add_argument(
        "--activation",
        help=f"of a brax file's hidden units: {', '.join(ACTIVATIONS)}; brax's own default if left"
        " out (PPO swish, SAC relu)",
    )
    parser.add_argument(
        "--raw-observations",
        action="store_true",
        help="a brax file's policy was trained with normalize_observations=False",
    )
    common.add_out_argument(parser)


def run(options: argparse.Namespace) -> int:
    common.set_up()
    path = import_policy(
        options.file,
        env=options.env,
        activation=options.activation,
        raw_observations=options.raw_observations,
        out=options.out,
    )
    print(f"wrote {path}\nNow: lamour evaluate {path} --env {options.env} --start normal")
    return 0


def import_policy(
    file: Path,
    *,
    env: str,
    activation: str | None = None,
    raw_observations: bool = False,
    out: Path | None = None,
) -> Path:
    """Converts `file` and returns the written policy's path.

    Args:
      file: a released PyTorch actor, or a file or folder that brax wrote.
      env: the robot.
      activation, raw_observations: of a brax file, which does not tell them.

    Raises:
      UserError: not such a policy, or one of another robot.
    """
    robot = common.make_light_env(env, "normal")
    if is_brax_file(file):
        params = read_brax(file, activation, raw_observations)
        sizes = (robot.observation_size, robot.action_size)
        policy = policy_from_brax(params, robot.name, *sizes, {"imported_from": file.name})
    else:
        policy = _released(file, robot)
    folder = common.output_folder(out, "import", env)
    path = folder / "policy.msgpack"
    save_policy(path, policy)
    settings = actor_settings(policy)
    settings["hidden_sizes"] = list(policy.hidden_sizes)
    write_json(
        folder / "metrics.json", {"robot": robot.name, "imported_from": file.name, **settings}
    )
    return path


def _released(file: Path, robot: RecoveryEnv) -> Policy:
    params = actor_params(read_state_dict(file), robot.name, robot.observation_size)
    return policy_from_params(robot.name, params, {"imported_from": file.name})
