"""Makes the states on the way back that ship for PushChair; how is in envs/push_chair/holding.py.

    python -m experiments.near_recovered [--sheet FILE.png]

`--sheet` also draws four of each kind, a row for each.
"""

import argparse
from pathlib import Path

import numpy as np

import envs
from envs.push_chair.env import NEAR_RECOVERED
from envs.push_chair.holding import States, make_states
from experiments.battery import SHEET, draw_sheet
from lamour_jax.files import write_arrays

SEED = 1
COUNTS = {"held": 480, "walked": 960, "lying": 180, "scattered": 180}
FILE = Path(envs.__file__).parent / "push_chair" / NEAR_RECOVERED


def ship(states: States) -> None:
    """Writes the states' file."""
    parts = ("qpos", "qvel")
    write_arrays(
        FILE, {part: np.concatenate([getattr(kind, part) for kind in states]) for part in parts}
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sheet", type=Path, help="a PNG file")
    args = parser.parse_args()
    states = make_states(SEED, **COUNTS)
    ship(states)
    if args.sheet:
        env = envs.make("push_chair", "ood", "native")
        some = [kind.qpos[np.linspace(0, len(kind.qpos) - 1, SHEET).astype(int)] for kind in states]
        args.sheet.write_bytes(draw_sheet(env, np.concatenate(some)))


if __name__ == "__main__":
    main()
