"""Makes the fallen poses that ship in envs/batteries, and tells what the drops came to.

How is in envs/battery.py. `--sheets` also draws sixteen evaluation poses of each robot.

    python -m experiments.battery [--robots ant] [--sheets FOLDER]
"""

import argparse
from pathlib import Path

import numpy as np

import envs
from envs.base import RecoveryEnv
from envs.battery import SEEDS, SIZES, Drops, has_battery, make_poses
from envs.rendering import encode_png, look_of, render
from lamour_jax.files import write_arrays

FOLDER = Path(envs.__file__).parent / "batteries"
SHEET = 4  # rows and columns


def ship(env: RecoveryEnv) -> dict[str, Drops]:
    """Makes a robot's poses and writes its file: {"training": ..., "evaluation": ...}."""
    parts = {part: make_poses(env, SEEDS[part], SIZES[part]) for part in SIZES}
    arrays = {}
    for part, drops in parts.items():
        arrays[f"{part}_qpos"], arrays[f"{part}_qvel"] = drops.poses.qpos, drops.poses.qvel
    FOLDER.mkdir(exist_ok=True)
    write_arrays(FOLDER / f"{env.name}.npz", arrays)
    return parts


def draw_sheet(env: RecoveryEnv, qpos: np.ndarray) -> bytes:
    """Poses [16, nq] in four rows, as a PNG file."""
    pictures = [
        render(env.model, row, width=320, height=240, look=look_of(env.name)) for row in qpos
    ]
    rows = [np.concatenate(pictures[i : i + SHEET], axis=1) for i in range(0, SHEET**2, SHEET)]
    return encode_png(np.concatenate(rows))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = [robot for robot in envs.shipped() if has_battery(robot)]
    parser.add_argument("--robots", nargs="+", choices=envs.shipped(), default=known)
    parser.add_argument("--sheets", type=Path, help="a folder for pictures")
    args = parser.parse_args()
    for robot in args.robots:
        env = envs.make(robot, "ood", "native")
        parts = ship(env)
        for part, drops in parts.items():
            print(
                f"{robot}, {part}: {len(drops.poses.qpos)} poses of {drops.tried} drops;"
                f" {drops.unhealthy:.1%} ended unhealthy, {drops.restless:.1%} of them still"
                f" moving; {drops.broken} broken",
                flush=True,
            )
        if args.sheets:
            args.sheets.mkdir(parents=True, exist_ok=True)
            sheet = draw_sheet(env, parts["evaluation"].poses.qpos[: SHEET**2])
            (args.sheets / f"{robot}.png").write_bytes(sheet)


if __name__ == "__main__":
    main()
