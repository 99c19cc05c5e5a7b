"""Makes the states on the way back that ship in envs/near_recovered.

How is in envs/humanoid_postures.py and envs/push_chair/holding.py. `--sheets` also draws sixteen of
each robot: the Humanoid's from low to high, PushChair's in a row for each kind.

    python -m experiments.near_recovered [--robots humanoid] [--sheets FOLDER]
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

import envs
from envs.humanoid_postures import make_postures
from envs.push_chair.holding import make_states
from envs.starts import NEAR_RECOVERED, Poses
from experiments.battery import SHEET, draw_sheet
from lamour_jax.files import write_arrays

SEED = 1
ROUNDS, MOST = 8, 200  # of postures, and of those of each height
COUNTS = {"held": 1200, "walked": 400, "lying": 100, "scattered": 300}
FOLDER = Path(envs.__file__).parent / NEAR_RECOVERED


def postures() -> tuple[Poses, np.ndarray]:
    """The Humanoid's states, and which of them are drawn."""
    poses = make_postures(SEED, ROUNDS, MOST)
    return poses, np.linspace(0, len(poses.qpos) - 1, SHEET**2).astype(int)


def chairs() -> tuple[Poses, np.ndarray]:
    """PushChair's states, and which of them are drawn."""
    kinds = make_states(SEED, **COUNTS)
    ends = np.cumsum([len(kind.qpos) for kind in kinds])
    some = [
        np.linspace(end - len(kind.qpos), end - 1, SHEET).astype(int)
        for kind, end in zip(kinds, ends, strict=True)
    ]
    return Poses.joined(kinds), np.concatenate(some)


MAKERS: dict[str, Callable[[], tuple[Poses, np.ndarray]]] = {
    "humanoid": postures,
    "push_chair": chairs,
}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--robots", nargs="+", choices=list(MAKERS), default=list(MAKERS))
    parser.add_argument("--sheets", type=Path, help="a folder for pictures")
    args = parser.parse_args()
    for robot in args.robots:
        print(f"{robot}:", flush=True)
        poses, drawn = MAKERS[robot]()
        FOLDER.mkdir(exist_ok=True)
        write_arrays(FOLDER / f"{robot}.npz", {"qpos": poses.qpos, "qvel": poses.qvel})
        if args.sheets:
            args.sheets.mkdir(parents=True, exist_ok=True)
            sheet = draw_sheet(envs.make(robot, "ood", "native"), poses.qpos[drawn])
            (args.sheets / f"{robot}.png").write_bytes(sheet)


if __name__ == "__main__":
    main()
