"""The results of a grid: one tidy table a preset, and beside it on what each cell ran.

experiments/results/paper_PRESET.csv has a row for
    kind "curve"     each evaluation while training, from OOD starts
    kind "final"     the kept policy (the best evaluated one), on fresh episodes from each start
    kind "original"  the policy that training began with, likewise
experiments/results/paper_PRESET.json has each cell's settings, versions and machine.

Cells of other grids and machines stay in the table; recording a cell again replaces its rows.
"""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from experiments.paper.cells import Study, read_attempt
from experiments.paper.grid import Cell
from lamour_jax.files import write_atomically, write_json
from lamour_jax.runs import read_config, read_metrics

Row = dict[str, str]

COLUMNS = (
    "policies", "robot", "method", "seed", "kind", "start", "updates", "env_steps", "seconds",
    "episodes", "return", "return_std", "success_rate", "time_to_recovery", "retention", "date",
    "cpu", "cores", "jobs",
)  # fmt: skip
_DIGITS = {"seconds": 1, "return": 1, "return_std": 1, "success_rate": 4, "retention": 4}
_KINDS = ("original", "final", "curve")


def csv_path(results: Path, preset: str) -> Path:
    """Where a preset's table lies."""
    return results / f"paper_{preset}.csv"


def read_table(results: Path, preset: str) -> list[Row]:
    """The rows of a preset's table, as written; none where there is no table yet."""
    path = csv_path(results, preset)
    if not path.exists():
        return []
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def finished_cells(study: Study) -> dict[Cell, Row]:
    """The cells in the study's table, with their final rows from OOD starts."""
    return {
        cell_of(row): row
        for row in read_table(study.results, study.preset)
        if row["policies"] == study.policies and (row["kind"], row["start"]) == ("final", "ood")
    }


def cell_of(row: Row) -> Cell:
    return Cell(row["robot"], row["method"], int(row["seed"]))


def record(study: Study, cells: Iterable[Cell]) -> None:
    """Takes finished cells from their run folders into the table."""
    cells = list(cells)
    about_path = csv_path(study.results, study.preset).with_suffix(".json")
    about = json.loads(about_path.read_text()) if about_path.exists() else {}
    mine = about.setdefault(study.policies, {})
    mine |= {cell.name: _about_run(study, cell) for cell in cells}
    about[study.policies] = dict(sorted(mine.items()))
    # First what says nothing of itself: a cell is done when it is in the table.
    write_json(about_path, dict(sorted(about.items())))
    new = [row for cell in cells for row in rows_of_run(study, cell)]
    write_table(study.results, study.preset, merged(read_table(study.results, study.preset), new))


def merged(old: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """The rows of all cells in order; of a cell that is in both, the new ones."""
    new = list(new)
    replaced = {_owner(row) for row in new}
    return sorted([*(row for row in old if _owner(row) not in replaced), *new], key=_order)


def rows_of_run(study: Study, cell: Cell) -> list[Row]:
    """A finished cell's rows."""
    folder = study.run_folder(cell)
    outcome = json.loads((folder / "metrics.json").read_text())
    attempt = read_attempt(study, cell)
    curve = [row for row in read_metrics(folder) if row["kind"] == "evaluation"]
    end = {
        **{name: curve[-1][name] for name in ("updates", "env_steps")},
        **{name: attempt[name] for name in ("date", "cpu", "cores", "jobs")},
        "seconds": outcome["seconds"],
    }
    rows = [{**row, "kind": "curve", "start": "ood"} for row in curve]
    for start, measures in outcome["recovered"].items():
        rows.append({**measures, **end, "kind": "final", "start": start})
        if start == "ood":
            rows[-1]["retention"] = outcome["retention"]
    for start, measures in outcome["original"].items():
        rows.append({**measures, "kind": "original", "start": start})
    owner = {"policies": study.policies, **cell._asdict()}
    return [_as_text({**row, **owner}) for row in rows]


def _about_run(study: Study, cell: Cell) -> dict[str, Any]:
    """The run's settings, versions and devices, and the attempt that finished it."""
    return {**read_config(study.run_folder(cell)), "attempt": read_attempt(study, cell)}


def _as_text(row: dict[str, Any]) -> Row:
    def text(name: str, value: Any) -> str:
        if value is None:
            return ""
        return str(round(value, _DIGITS[name]) if name in _DIGITS else value)

    return {name: text(name, row.get(name)) for name in COLUMNS}


def _owner(row: Row) -> tuple[str, Cell]:
    return row["policies"], cell_of(row)


def _order(row: Row) -> tuple:
    return *_owner(row), _KINDS.index(row["kind"]), row["start"], int(row["updates"] or 0)


def write_table(results: Path, preset: str, rows: list[Row]) -> None:
    """The whole of a preset's table anew."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(csv_path(results, preset), text.getvalue().encode())
