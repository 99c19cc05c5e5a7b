"""`lamour import`: a released PyTorch policy becomes one of ours."""

import argparse
from pathlib import Path

from lamour_jax.cli import common
from lamour_jax.files import write_json
from lamour_jax.importing import actor_params, read_state_dict
from lamour_jax.policy import policy_from_params, save_policy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a released actor, actor_N.pt")
    common.add_env_argument(parser)
    common.add_out_argument(parser)


def run(options: argparse.Namespace) -> int:
    common.set_up()
    path = import_policy(options.file, env=options.env, out=options.out)
    print(f"wrote {path}\nNow: lamour evaluate {path} --env {options.env} --start normal")
    return 0


def import_policy(file: Path, *, env: str, out: Path | None = None) -> Path:
    """Converts `file` and returns the written policy's path.

    Raises:
      UserError: not a released actor, or one of another robot.
    """
    robot = common.make_env(env, "normal", "native")
    params = actor_params(read_state_dict(file), env, robot.observation_size)
    policy = policy_from_params(env, params, {"imported_from": file.name})
    folder = common.output_folder(out, "import", env)
    path = folder / "policy.msgpack"
    save_policy(path, policy)
    write_json(
        folder / "metrics.json",
        {"robot": env, "imported_from": file.name, "hidden_sizes": list(policy.hidden_sizes)},
    )
    return path
