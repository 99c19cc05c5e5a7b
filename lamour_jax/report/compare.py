"""Several finished runs on one page: outcomes, curves, what differs, what they cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamour_jax.errors import UserError
from lamour_jax.files import write_json
from lamour_jax.report.canvas import Plot
from lamour_jax.report.costs import answers
from lamour_jax.report.figures import STARTS
from lamour_jax.report.overlay import MINUTES, RETURN, SUCCESS, UPDATES, overlay
from lamour_jax.report.page import REPORT_FILE, setting, write_page
from lamour_jax.report.record import Record, read_record

_BY_NAME = ("members", "member_seeds")  # settings that the table of outcomes tells of


@dataclass(frozen=True)
class Entry:
    """One run of a comparison.

    Attributes:
      name: its folder's, as much of it as tells it from the others.
      record: the run.
    """

    name: str
    record: Record

    @property
    def share_of_original(self) -> float:
        """Its return over the original policy's from normal starts."""
        return self.record.outcome["return"] / self.record.normal_return

    @property
    def answers(self) -> str:
        """What the model's answers cost."""
        return answers(self.record)

    @property
    def battery(self) -> tuple[float, float] | None:
        """Success rates of the original and of the recovered policy from battery poses; None in
        runs from before there was a battery."""
        before, after = (self.record.outcome[who] for who in ("original", "recovered"))
        if "battery" not in before or "battery" not in after:
            return None
        return before["battery"]["success_rate"], after["battery"]["success_rate"]


def write_comparison(folders: Sequence[Path], out: Path) -> Path:
    """Writes `report.html` and `metrics.json` about several finished runs into `out`.

    Args:
      folders: the runs'; in the order in which they are to be shown.

    Returns the page's path.

    Raises:
      UserError: a folder holds no finished run, or is given twice.
    """
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise UserError("a run is given twice: a comparison takes different ones")
    entries = [
        Entry(name, read_record(folder))
        for name, folder in zip(_names(folders), folders, strict=True)
    ]
    robots = list(dict.fromkeys(entry.record.outcome["robot"] for entry in entries))
    path = write_page(
        out / REPORT_FILE,
        "compare.html.j2",
        entries=entries,
        robots=robots,
        starts=STARTS,
        curves={robot: _curves(robot, entries) for robot in robots},
        differing=_differing(entries),
    )
    write_json(out / "metrics.json", {"runs": {e.name: _figures(e) for e in entries}})
    return path


def _figures(entry: Entry) -> dict[str, Any]:
    return {
        "folder": str(entry.record.folder),
        "updates": entry.record.updates,
        "share_of_original": entry.share_of_original,
        **entry.record.outcome,
    }


def _names(folders: Sequence[Path]) -> list[str]:
    """The shortest ends of the paths that are all different."""
    paths = [folder.resolve().parts for folder in folders]
    length = 1
    while len({path[-length:] for path in paths}) < len(paths):
        length += 1
    return ["/".join(path[-length:]) for path in paths]


def _curves(robot: str, entries: Sequence[Entry]) -> list[Plot]:
    """Return and success rate, over updates and over minutes, of all runs of a robot."""
    of_robot = [entry for entry in entries if entry.record.outcome["robot"] == robot]
    trainings = [(entry.name, entry.record.rows) for entry in of_robot]
    originals = _originals(of_robot)
    plots = [
        overlay(
            f"{robot}-{measure.field}-{along.replace(' ', '-')}",
            trainings,
            measure,
            along=along,
            originals=originals if measure is RETURN else None,
        )
        for measure in (RETURN, SUCCESS)
        for along in (UPDATES, MINUTES)
    ]
    return [plot for plot in plots if plot is not None]


def _originals(entries: Sequence[Entry]) -> dict[str, float]:
    """The original policies' returns: one line where all runs began with the same."""
    returns = {entry.name: entry.record.normal_return for entry in entries}
    if len({round(value) for value in returns.values()}) == 1:
        return {"original policy, normal starts": next(iter(returns.values()))}
    return {f"original policy of {name}": value for name, value in returns.items()}


def _differing(entries: Sequence[Entry]) -> list[tuple[str, list[str]]]:
    """(setting, its value in each run) of those that are not the same in all; versions, too."""
    flat = [_flat(entry.record) for entry in entries]
    names = dict.fromkeys(name for values in flat for name in values)
    rows = [(name, [values.get(name, "") for values in flat]) for name in names]
    return [(name, values) for name, values in rows if len(set(values)) > 1]


def _flat(record: Record) -> dict[str, str]:
    return {
        name if group == "run" else f"{group}.{name}": setting(value)
        for group, values in record.settings.items()
        for name, value in values.items()
        if name not in _BY_NAME
    }
