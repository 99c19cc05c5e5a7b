"""Where the time of a whole run goes, phase by phase, and how many cores were at work.

    python -m experiments.run_profile --env half_cheetah

Runs `lamour recover` in this process with clocks around its phases. What an iteration of its epochs
does inside cannot be seen from here: `lamour bench` measures that by programs of its own. The table
goes to results/run_profile.csv.
"""

import argparse
import csv
import dataclasses
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lamour_jax.cli.main  # noqa: F401  # isort: skip  (quiets XLA, which must not be loaded yet)

import jax

from lamour_jax.bench.training import WHOLE
from lamour_jax.checkpoint import CheckpointStore
from lamour_jax.cli import common, recover, recovery_training, training
from lamour_jax.cli.arena import Arena
from lamour_jax.cli.bench import bench
from lamour_jax.compilation import Announced
from lamour_jax.runs import Journal

RESULTS = Path(__file__).parent / "results" / "run_profile.csv"
COLUMNS = ("robot", "phase", "calls", "seconds", "share", "cores")
EPOCHS = "collecting and updating"
# (owner, its function, phase); a phase inside another is not counted in that.
PHASES: tuple[tuple[Any, str, str], ...] = (
    (recover, "provide_rewards", "reward program"),
    (training, "compile_programs", "compiling"),
    (Announced, "compile", "compiling"),
    (Arena, "judge_original", "judging the original policy"),
    (training.Evaluator, "__call__", "evaluating"),
    (Journal, "record_evaluation", "saving"),
    (CheckpointStore, "save", "saving"),
    (recovery_training, "judge_run", "judging the recovered policy"),
    (recovery_training, "write_report", "report"),
)


class Clocks:
    """Wall clock and processor time of phases, each without the phases inside it.

    Attributes:
      spent: by phase: calls, seconds, processor seconds of all threads. "rest" is what lies in
        none.
    """

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = {}
        self._open = ["rest"]
        self._since = time.perf_counter(), time.process_time()

    def around(self, phase: str, function: Callable) -> Callable:
        """`function` with its time, to the end of what it computes, counted as `phase`'s."""

        def timed(*arguments: Any, **named: Any) -> Any:
            self.charge()
            self._open.append(phase)
            try:
                return jax.block_until_ready(function(*arguments, **named))
            finally:
                self.charge(calls=1)
                self._open.pop()

        return timed

    def charge(self, calls: int = 0) -> None:
        """Gives the time since the last charge to the innermost open phase."""
        now = time.perf_counter(), time.process_time()
        entry = self.spent.setdefault(self._open[-1], [0, 0.0, 0.0])
        entry[0] += calls
        entry[1] += now[0] - self._since[0]
        entry[2] += now[1] - self._since[1]
        self._since = now


def install(clocks: Clocks) -> None:
    """Puts clocks around PHASES and around the programs of training."""
    for owner, name, phase in PHASES:
        setattr(owner, name, clocks.around(phase, getattr(owner, name)))
    compile_programs = training.compile_programs

    def with_clocks(*arguments: Any, **named: Any) -> Any:
        programs = compile_programs(*arguments, **named)
        return dataclasses.replace(
            programs,
            init=clocks.around("random steps before learning", programs.init),
            epoch=clocks.around(EPOCHS, programs.epoch),
        )

    training.compile_programs = with_clocks


def table(robot: str, spent: dict[str, list[float]]) -> list[dict[str, Any]]:
    """A row for each phase, the longest first."""
    total = sum(seconds for _, seconds, _ in spent.values())
    return [
        {
            "robot": robot,
            "phase": phase,
            "calls": int(calls) or None,
            "seconds": round(seconds, 2),
            "share": round(seconds / total, 4),
            "cores": round(processor / seconds, 2) if seconds else None,
        }
        for phase, (calls, seconds, processor) in sorted(
            spent.items(), key=lambda item: -item[1][1]
        )
    ]


def inside_epochs(robot: str, budget: float, epochs: dict[str, Any]) -> list[dict[str, Any]]:
    """What the epochs' row consists of, by the shares that the bench finds for preset "fast"."""
    with tempfile.TemporaryDirectory() as temporary:
        found, _ = bench(
            env=robot, parts=["training"], budget=budget, cached=True, out=Path(temporary) / "bench"
        )
    suffix = ", preset fast"
    return [
        {
            "robot": robot,
            "phase": f"{EPOCHS}: {row['what'].removesuffix(suffix)}",
            "seconds": round(row["ratio"] * epochs["seconds"], 2),
            "share": round(row["ratio"] * epochs["share"], 4),
        }
        for row in found["rows"]
        if row["what"].endswith(suffix) and not row["what"].startswith(WHOLE)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", default="half_cheetah", help="the robot")
    parser.add_argument("--updates", type=int, help="the preset's if left out")
    parser.add_argument("--budget", type=float, default=2.0, help="seconds for each of the parts")
    options = parser.parse_args()
    common.set_up()
    clocks = Clocks()
    install(clocks)
    with tempfile.TemporaryDirectory() as temporary:
        recover.recover(env=options.env, updates=options.updates, out=Path(temporary) / "run")
    clocks.charge()
    rows = table(options.env, clocks.spent)
    epochs = next(row for row in rows if row["phase"] == EPOCHS)
    rows += inside_epochs(options.env, options.budget, epochs)
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        cores = f", {row['cores']:.2f} cores" if row.get("cores") else ""
        print(f"{row['phase']:45s} {row['seconds']:8.2f} s {row['share']:7.1%}{cores}")
    print(f"written to {RESULTS}")


if __name__ == "__main__":
    main()
