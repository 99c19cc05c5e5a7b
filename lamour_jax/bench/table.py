"""The bench's table: printed as it grows, written as JSON and as CSV."""

import csv
import dataclasses
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamour_jax.bench.timing import Sample
from lamour_jax.files import write_atomically, write_json


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
      part: "physics", "learner", "training" or "peers".
      what: what was measured.
      engine, robot: where it applies.
      num_envs: robots side by side.
      batch: of one update.
      value: the median of the turns, in `unit`.
      low, high: the slowest and the fastest turn.
      ratio_to: what the value is held against, measured in turns with it.
      ratio: value over that.
      compile_seconds: of the program; None where nothing was compiled, or where it may have come
        from the cache.
      memory_bytes: what the program takes while it runs; None where nobody says.
      note: why there is no value, or what to know of it.
    """

    part: str
    what: str
    engine: str = ""
    robot: str = ""
    num_envs: int | None = None
    batch: int | None = None
    value: float | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    ratio_to: str = ""
    ratio: float | None = None
    compile_seconds: float | None = None
    memory_bytes: int | None = None
    note: str = ""

    def line(self) -> str:
        """For people."""
        sizes = [
            f"{count} {name}"
            for count, name in (
                (self.num_envs, "robot" if self.num_envs == 1 else "robots"),
                (self.batch, "a batch"),
            )
            if count is not None
        ]
        where = ", ".join([*([self.engine] if self.engine else []), *sizes])
        text = f"{self.part:9s} {self.what + (f' ({where})' if where else ''):58s}"
        if self.value is not None:
            text += f" {_short(self.value):>10s} {self.unit}"
        if self.low is not None and self.high is not None:
            text += f" ({_short(self.low)} to {_short(self.high)})"
        if self.ratio is not None:
            text += f", {self.ratio:.2f} of {self.ratio_to}"
        if self.compile_seconds is not None:
            text += f", compiled in {self.compile_seconds:.1f} s"
        if self.memory_bytes is not None:
            text += f", {self.memory_bytes / 1e6:.3g} MB"
        return (text + (f" {self.note}" if self.note else "")).rstrip()


COLUMNS = tuple(field.name for field in dataclasses.fields(Row))


def measured(sample: Sample, unit: str, limit: tuple[str, Sample] | None = None) -> dict[str, Any]:
    """A row's figures; `limit` is what to hold them against, with its name."""
    figures: dict[str, Any] = {
        "value": sample.median,
        "low": sample.low,
        "high": sample.high,
        "unit": unit,
    }
    if limit is not None:
        figures |= {"ratio_to": limit[0], "ratio": sample.ratio_to(limit[1])}
    return figures


class Table:
    """Rows in the order of their measurement; what was measured is on the disk after each.

    Args:
      machine: what they were measured on.
      folder: of bench.json and bench.csv.
    """

    def __init__(self, machine: dict[str, Any], folder: Path):
        self.machine = machine
        self.rows: list[Row] = []
        self._folder = folder

    def add(self, row: Row) -> None:
        """Keeps a row, prints it and writes the table."""
        self.rows.append(row)
        print(row.line(), flush=True)
        self.write()

    def skip(self, row: Row, why: str) -> None:
        """Adds a row for what could not be measured."""
        self.add(dataclasses.replace(row, note=f"skipped: {why}"))

    @contextmanager
    def attempt(self, row: Row) -> Iterator[None]:
        """Whatever goes wrong inside (no memory, an engine that cannot run here) becomes `row`, and
        the bench goes on."""
        try:
            yield
        except Exception as error:
            lines = str(error).strip().splitlines()
            self.skip(row, lines[0] if lines else type(error).__name__)

    def to_json(self) -> dict[str, Any]:
        return {"machine": self.machine, "rows": [dataclasses.asdict(row) for row in self.rows]}

    def write(self) -> None:
        """Writes bench.json and bench.csv."""
        write_json(self._folder / "bench.json", self.to_json())
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(dataclasses.asdict(row) for row in self.rows)
        write_atomically(self._folder / "bench.csv", text.getvalue().encode())


def _short(number: float) -> str:
    if number >= 100:
        return f"{number:,.0f}".replace(",", " ")
    return f"{number:.3g}"
