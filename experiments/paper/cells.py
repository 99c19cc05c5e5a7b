"""Where the cells of a grid lie on disk, and how far each is.

runs/paper/PRESET/POLICIES/ROBOT-METHOD-SEED/       the run folder of `lamour recover`
runs/paper/PRESET/POLICIES/ROBOT-METHOD-SEED.log    what it said; locked while it runs
runs/paper/PRESET/POLICIES/ROBOT-METHOD-SEED.json   on what it ran, and how the process ended
"""

import fcntl
import json
import os
import platform
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.original_policies import ROOT
from experiments.paper.grid import Cell, obstacle
from lamour_jax.files import write_json
from lamour_jax.runs import read_config, read_metrics

DONE, RUNNING, INTERRUPTED, BROKEN, PENDING, MISSING = STATES = (
    "done", "running", "interrupted", "broken", "pending", "missing",
)  # fmt: skip


@dataclass(frozen=True)
class Study:
    """One grid: a preset, and the original policies that its cells start from.

    Attributes:
      preset: of `lamour recover`.
      policies: what the original policies are called.
      files: where each robot's is.
      runs, results: folders of what is being trained, and of the tables.
      overrides: arguments of `recover` in place of the grid's; for trying it out.
    """

    preset: str
    policies: str
    files: Mapping[str, Path]
    runs: Path = ROOT / "runs" / "paper"
    results: Path = ROOT / "experiments" / "results"
    overrides: Mapping[str, Any] = field(default_factory=dict)

    def run_folder(self, cell: Cell) -> Path:
        return self.runs / self.preset / self.policies / cell.name

    def log(self, cell: Cell) -> Path:
        return self.run_folder(cell).with_suffix(".log")

    def attempt(self, cell: Cell) -> Path:
        return self.run_folder(cell).with_suffix(".json")


def state_of(study: Study, cell: Cell) -> tuple[str, str]:
    """(one of STATES, what more there is to say) of a cell that is not in the table."""
    folder = study.run_folder(cell)
    if is_finished(folder):
        return DONE, "not in the table yet"
    if is_locked(study.log(cell)):
        return RUNNING, _progress(folder)
    if reason := obstacle(cell, study.files):
        return MISSING, reason
    if not study.attempt(cell).exists():
        return PENDING, ""
    ending = read_attempt(study, cell).get("ended", "")
    if ending.startswith("exit code"):
        last = last_lines(study.log(cell), 1)
        return BROKEN, ": ".join([ending, *last])
    return INTERRUPTED, _progress(folder)


def is_finished(folder: Path) -> bool:
    """Whether a run was judged."""
    return (folder / "metrics.json").exists()


def is_locked(log: Path) -> bool:
    """Whether a process still writes to `log`, whoever started it."""
    if not log.exists():
        return False
    with log.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def begin_attempt(study: Study, cell: Cell, cores: Sequence[int] | None, jobs: int) -> None:
    """Writes down on what the cell is about to run."""
    write_json(
        study.attempt(cell),
        {
            "date": time.strftime("%Y-%m-%d"),
            "cpu": _cpu_model(),
            "cores": os.cpu_count() if cores is None else len(cores),
            "jobs": jobs,
            "code": _code_version(),
        },
    )


def end_attempt(study: Study, cell: Cell, ended: str) -> None:
    """Writes down how its process ended."""
    write_json(study.attempt(cell), {**read_attempt(study, cell), "ended": ended})


def read_attempt(study: Study, cell: Cell) -> dict[str, Any]:
    """What `begin_attempt` and `end_attempt` wrote."""
    return json.loads(study.attempt(cell).read_text())


def last_lines(log: Path, count: int) -> list[str]:
    """The end of what a cell's process said."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return [line for line in lines if line.strip()][-count:]


def _progress(folder: Path) -> str:
    """How far training is, from the run's folder."""
    rows = read_metrics(folder)
    if not rows:
        return ""
    updates, num_updates = rows[-1]["updates"], read_config(folder)["train"]["num_updates"]
    return (
        f"{updates / num_updates:.0%} of {num_updates} updates, {rows[-1]['seconds'] / 60:.0f} min"
    )


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _code_version() -> str | None:
    """The commit that the cell runs from, marked where files differ; None outside a checkout."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
