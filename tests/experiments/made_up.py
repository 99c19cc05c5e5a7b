"""Tables with made-up numbers: for tests only."""

import math
from collections.abc import Iterable

import numpy as np

from experiments.paper.grid import Cell
from experiments.paper.table import COLUMNS, Row

ORIGINAL = {
    "ant": 5550.0, "half_cheetah": 12650.0, "hopper": 3350.0, "walker2d": 4110.0,
    "humanoid": 247.0, "push_chair": 217.0,
}  # fmt: skip
_REACHED = {
    "lamour": 0.97, "sero": 0.7, "sac_zero": 0.2, "sac_env": 0.0, "no_consolidation": 0.6,
    "healthy_gate": 0.9, "handwritten": 0.85, "sac_t2r": 0.1,
}  # fmt: skip


def made_up_rows(cells: Iterable[Cell], policies: str = "released", points: int = 25) -> list[Row]:
    """Rows as a finished run leaves them: an S-shaped curve with noise for each cell."""
    return [row for cell in cells for row in _cell(cell, policies, points)]


def _cell(cell: Cell, policies: str, points: int) -> list[Row]:
    noise = np.random.default_rng(_seed(cell))
    reached, original = _REACHED[cell.method], ORIGINAL[cell.robot]
    rows = [
        _row(cell, policies, kind="original", start="normal", episodes=64, success_rate=0.98)
        | {"return": str(original)}
    ]
    late = noise.uniform(0.3, 0.5)
    reached *= noise.uniform(0.6, 1.0)
    pace = 6.5 * noise.uniform(0.9, 1.1)
    for k in range(1, points + 1):
        share = reached / (1 + math.exp(-15 * (k / points - late)))
        share = float(np.clip(share + 0.12 * share * noise.normal(), 0, 1))
        rows.append(
            _row(cell, policies, kind="curve", start="ood", episodes=16, updates=1600 * k,
                 env_steps=8000 + 12800 * k, seconds=round(pace * k, 1),
                 success_rate=round(share, 4))
            | {"return": str(round(share * original, 1))}
        )  # fmt: skip
    end = {"updates": 1600 * points, "seconds": 170.0, "cpu": "Some CPU", "cores": 1, "jobs": 2}
    rows.append(
        _row(cell, policies, kind="final", start="ood", episodes=64, success_rate=reached,
             retention=round(0.3 + 0.7 * reached, 4), date="2026-11-26",
             time_to_recovery=40.0 if reached else "", **end)
        | {"return": str(round(reached * original * noise.uniform(0.95, 1.02), 1))}
    )  # fmt: skip
    return rows


def _seed(cell: Cell) -> int:
    """The same in every process, unlike Python's own."""
    return sum(ord(letter) * 31**k for k, letter in enumerate(cell.name)) % 2**32


def _row(cell: Cell, policies: str, **values) -> Row:
    known = {"policies": policies, **cell._asdict(), **values}
    return {name: str(known.get(name, "")) for name in COLUMNS}
