"""Command line of the grid: runs what is not done yet, or tells how far it is."""

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence

import jax

from experiments.original_policies import find_policies
from experiments.paper import table
from experiments.paper.cells import (
    BROKEN,
    DONE,
    MISSING,
    RUNNING,
    Study,
    is_finished,
    last_lines,
    state_of,
)
from experiments.paper.grid import VARIANTS, Cell, make_cells, obstacle
from experiments.paper.running import Stopped, default_jobs, run_cells
from lamour_jax.cli import common
from lamour_jax.errors import UserError

LOG_LINES = 8  # of a broken cell


def main(argv: Sequence[str] | None = None) -> int:
    """0: all of it is done; 1: something broke or is missing; 2: bad input or stopped."""
    options = _parse(argv)
    # The accelerator is the cells': this process must not take it.
    jax.config.update("jax_platforms", "cpu")
    common.set_up()
    try:
        name, files = find_policies(options.policies)
        cells = make_cells(options.robots, options.methods, options.seeds)
        study = Study(options.preset, name, files)
        if not options.status:
            run_study(study, cells, options.jobs)
        return report(study, cells)
    except Stopped:
        report(study, cells)
        print("stopped; the same command goes on from here")
        return 2
    except KeyboardInterrupt:  # before or after the cells
        return 2
    except UserError as error:
        print(error, file=sys.stderr)
        return 2


def run_study(study: Study, cells: Sequence[Cell], jobs: int | None = None) -> None:
    """Runs the cells that are not done, records each as it finishes, and shows what broke.

    Raises:
      Stopped: by Ctrl-C or SIGTERM.
    """
    known = table.finished_cells(study)
    untold = [cell for cell in cells if cell not in known and is_finished(study.run_folder(cell))]
    if untold:
        table.record(study, untold)
    waiting = [
        cell
        for cell in cells
        if cell not in known and cell not in untold and not obstacle(cell, study.files)
    ]
    if not waiting:
        return

    def done(cell: Cell) -> None:
        table.record(study, [cell])
        print(f"{cell.name}: {_figures(table.finished_cells(study)[cell])}", flush=True)

    broken = run_cells(study, waiting, jobs or min(default_jobs(), len(waiting)), done)
    for cell in broken:
        print(f"\n{cell.name} broke; the end of {study.log(cell)}:")
        print("\n".join(f"  {line}" for line in last_lines(study.log(cell), LOG_LINES)))


def report(study: Study, cells: Sequence[Cell]) -> int:
    """Prints a line a cell and how many are complete; 0 where all are, else 1."""
    known = table.finished_cells(study)
    states = {cell: _state(study, cell, known) for cell in cells}
    for cell in sorted(cells, key=lambda cell: (cell.robot, [*VARIANTS].index(cell.method), cell)):
        state, more = states[cell]
        print(f"{cell.robot:<13}{cell.method:<17}{cell.seed}  {state:<12}{more}".rstrip())
    count = Counter(state for state, _ in states.values())
    others = [f"{count[state]} {state}" for state in (RUNNING, BROKEN, MISSING) if count[state]]
    tail = f" ({', '.join(others)})" if others else ""
    print(f"{study.preset}, {study.policies}: {count[DONE]} of {len(cells)} complete{tail}")
    return 0 if count[DONE] == len(cells) else 1


def _state(study: Study, cell: Cell, known: Mapping[Cell, table.Row]) -> tuple[str, str]:
    if cell in known:
        return DONE, _figures(known[cell])
    return state_of(study, cell)


def _figures(row: table.Row) -> str:
    return (
        f"success {float(row['success_rate']):.2f}, return {float(row['return']):.0f}, retention"
        f" {float(row['retention']):.2f}, {float(row['seconds']) / 60:.1f} min"
    )


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.paper",
        description="Runs the cells of the paper's grid that are not done yet.",
    )
    parser.add_argument("--preset", default="fast", choices=("fast", "paper"))
    parser.add_argument(
        "--policies", default="shipped", help="shipped, released or a folder with ROBOT.msgpack"
    )
    parser.add_argument("--robots", nargs="+", help="all if left out")
    parser.add_argument("--methods", nargs="+", help=", ".join(VARIANTS))
    parser.add_argument("--seeds", nargs="+", type=int, help="all if left out")
    parser.add_argument("--jobs", type=int, help="cells at once: cores, or 1 on an accelerator")
    parser.add_argument("--status", action="store_true", help="only tell how far the grid is")
    options = parser.parse_args(argv)
    if options.jobs is not None and options.jobs < 1:
        parser.error(f"--jobs must be at least 1, not {options.jobs}")
    return options


if __name__ == "__main__":
    sys.exit(main())
