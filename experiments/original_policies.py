"""The original policies that experiments start from: shipped, released, or a folder."""

from pathlib import Path

import envs
from lamour_jax.cli.import_policy import import_policy
from lamour_jax.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = Path(__file__).parent / "policies"
RELEASED = ROOT.parent / "shared" / "official"  # the reference implementation's actors, ROBOT_N.pt
CONVERTED = ROOT / "runs" / "policies" / "released"
# Of the released files, where it is not the first: that Humanoid falls in half of its episodes.
ACTORS = {"humanoid": 3}


def find_policies(choice: str) -> tuple[str, dict[str, Path]]:
    """What to call the policies of `choice`, and where each robot's is.

    Args:
      choice: "shipped", "released", or a folder that holds ROBOT.msgpack or ROBOT/policy.msgpack.
        Where no folder "released" is at hand, the first released actor of each robot is converted.

    Robots without a policy are left out: there may be none at all.

    Raises:
      UserError: no such folder.
    """
    if choice == "shipped":
        return choice, _in_folder(SHIPPED)
    folder = Path(choice).resolve()
    if folder.is_dir():
        return folder.name, _in_folder(folder)
    if choice == "released":
        return choice, _converted()
    raise UserError(f"there is no folder {choice}: give --policies shipped, released or a folder")


def published_name(robot: str) -> str:
    """What the paper calls a robot: half_cheetah is HalfCheetah."""
    return "".join(part.capitalize() for part in robot.split("_"))


def _in_folder(folder: Path) -> dict[str, Path]:
    found = {}
    for robot in envs.shipped():
        for file in (folder / f"{robot}.msgpack", folder / robot / "policy.msgpack"):
            if file.is_file():
                found[robot] = file
    return found


def _converted() -> dict[str, Path]:
    known = _in_folder(CONVERTED)
    for robot in set(envs.shipped()) - set(known):
        file = RELEASED / f"{published_name(robot)}_actor_{ACTORS.get(robot, 1)}.pt"
        if file.is_file():
            known[robot] = import_policy(file, env=robot, out=CONVERTED / robot)
    return known
