"""`lamour report`: a run's report anew, or several runs on one page."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from lamour_jax.cli import common
from lamour_jax.errors import UserError
from lamour_jax.report.compare import write_comparison
from lamour_jax.report.html import write_report
from lamour_jax.report.record import read_record


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a finished run's folder")
    parser.add_argument(
        "--out", type=Path, help="folder of a comparison (default: runs/report-...)"
    )


def run(options: argparse.Namespace) -> int:
    common.set_up(start=len(options.runs) == 1)  # a comparison computes nothing
    print(f"written to {report(options.runs, options.out)}")
    return 0


def report(runs: Sequence[Path], out: Path | None = None) -> Path:
    """Writes a page about finished runs of `lamour recover`, and returns its path.

    Args:
      runs: one folder, whose own report is made anew, films included; or several, of which one page
        compares outcomes, curves, settings and costs.
      out: the folder of a comparison.

    Raises:
      UserError: a folder holds no finished run, or `out` is given for a single one.
    """
    if len(runs) > 1:
        return write_comparison(runs, common.output_folder(out, "report"))
    if out is not None:
        raise UserError("the report of a single run lies in its own folder: leave --out out")
    (folder,) = runs
    outcome = read_record(folder).outcome
    start, physics = outcome["start"], outcome["physics"]
    return write_report(folder, common.make_env(outcome["robot"], start, physics, evaluation=True))
