"""Makes the states on the way back that ship for PushChair; how is in envs/push_chair/holding.py.

    python -m experiments.near_recovered [--sheet FILE.png]

`--sheet` also draws some of each kind.
"""

import argparse
import io
from pathlib import Path

import numpy as np

import envs
from envs.push_chair.env import NEAR_RECOVERED
from envs.push_chair.holding import States, make_states
from envs.rendering import encode_png, look_of, render
from lamour_jax.files import write_atomically

SEED = 1
COUNTS = {"held": 480, "walked": 960, "lying": 180, "scattered": 180}
FILE = Path(envs.__file__).parent / "push_chair" / NEAR_RECOVERED
COLUMNS = 4


def ship(states: States) -> None:
    """Writes the states' file."""
    content = io.BytesIO()
    parts = ("qpos", "qvel")
    arrays = {part: np.concatenate([getattr(kind, part) for kind in states]) for part in parts}
    np.savez_compressed(content, **arrays)
    write_atomically(FILE, content.getvalue())


def draw_sheet(states: States) -> bytes:
    """A row of pictures for each kind, evenly from first to last, as a PNG file."""
    env = envs.make("push_chair", "ood", "native")
    rows = []
    for kind in states:
        which = np.linspace(0, len(kind.qpos) - 1, COLUMNS).astype(int)
        look = look_of(env.name)
        pictures = [
            render(env.model, kind.qpos[i], width=320, height=240, look=look) for i in which
        ]
        rows.append(np.concatenate(pictures, axis=1))
    return encode_png(np.concatenate(rows))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sheet", type=Path, help="a PNG file")
    args = parser.parse_args()
    states = make_states(SEED, **COUNTS)
    ship(states)
    if args.sheet:
        args.sheet.write_bytes(draw_sheet(states))


if __name__ == "__main__":
    main()
