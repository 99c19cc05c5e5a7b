"""The table of a grid as numbers, a `Result` for each of its cells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.paper.grid import ROBOTS, Cell
from experiments.paper.statistics import interval, iqm
from experiments.paper.table import Row, cell_of, read_table

MEASURES = ("return", "success_rate")  # of the evaluations while training


@dataclass(frozen=True)
class Result:
    """What one cell came to.

    Attributes:
      cell: which one.
      updates, minutes: [T] when it was evaluated.
      curve: MEASURES by name, [T] each.
      final: its last row from OOD starts.
      original: the original policy's return from normal starts.
    """

    cell: Cell
    updates: np.ndarray
    minutes: np.ndarray
    curve: dict[str, np.ndarray]
    final: Row
    original: float

    def value(self, measure: str) -> float:
        """A number of the final row; NaN where it is empty."""
        return float(self.final[measure] or "nan")

    @property
    def normalised(self) -> float:
        """The final return over the original policy's from normal starts."""
        return self.value("return") / self.original


class Course(NamedTuple):
    """Several seeds' curves as one: IQM and interval [T] at the updates of one of them."""

    updates: np.ndarray
    minutes: np.ndarray
    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray


def load_results(folder: Path, preset: str) -> dict[str, list[Result]]:
    """The cells of a preset's table, by the policies that they started from."""
    found: dict[str, list[Result]] = {}
    for (policies, _), rows in groupby(
        read_table(folder, preset), lambda row: (row["policies"], cell_of(row))
    ):
        found.setdefault(policies, []).append(_result(list(rows)))
    return found


def robots_of(results: Iterable[Result]) -> list[str]:
    """The robots that occur, in the paper's order."""
    present = {result.cell.robot for result in results}
    return [robot for robot in ROBOTS if robot in present]


def of(results: Iterable[Result], robot: str, method: str) -> list[Result]:
    """The seeds of one robot and method."""
    return [r for r in results if (r.cell.robot, r.cell.method) == (robot, method)]


def course(seeds: Sequence[Result], measure: str) -> Course:
    """The curves of `seeds` together, where all of them have been: at the evaluations of the one
    with the fewest, between those of the others, which need not fall on the same updates. Minutes
    are the mean."""
    updates = min((seed.updates for seed in seeds), key=len)
    first, last = max(s.updates[0] for s in seeds), min(s.updates[-1] for s in seeds)
    updates = np.unique(np.clip(updates, first, last))
    values = np.stack([np.interp(updates, s.updates, s.curve[measure]) for s in seeds])
    minutes = np.stack([np.interp(updates, s.updates, s.minutes) for s in seeds])
    return Course(updates, minutes.mean(axis=0), iqm(values), *interval([values]))


def _result(rows: list[Row]) -> Result:
    curve = [row for row in rows if row["kind"] == "curve"]

    def column(name: str) -> np.ndarray:
        return np.array([float(row[name]) for row in curve])

    [final] = [row for row in rows if (row["kind"], row["start"]) == ("final", "ood")]
    [original] = [row for row in rows if (row["kind"], row["start"]) == ("original", "normal")]
    return Result(
        cell_of(final),
        column("updates"),
        column("seconds") / 60,
        {measure: column(measure) for measure in MEASURES},
        final,
        float(original["return"]),
    )
