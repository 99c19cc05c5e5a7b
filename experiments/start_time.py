"""How long until a run learns: from typing `lamour recover` to its first epoch of learning.

    python -m experiments.start_time --env hopper half_cheetah

Every robot starts once with an empty cache ("cold") and then with what that start left in it
("warm"). Each run is ended when it has written its first epoch. The figures go to
results/start_time.csv, a row for each start.
"""

import argparse
import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from lamour_jax.bench import machine
from lamour_jax.runs import read_metrics

RESULTS = Path(__file__).parent / "results" / "start_time.csv"
WARM_STARTS = 3


class Start(NamedTuple):
    """One start.

    Attributes:
      seconds: until the first epoch was written.
      processor_seconds: of all its threads until it was ended right after.
    """

    robot: str
    cache: str
    seconds: float
    processor_seconds: float
    machine: str


def start(robot: str, cache: Path, cached: str, out: Path) -> Start:
    """Starts a run in `out` and ends it when it has learned for an epoch.

    Args:
      cache: where it finds and leaves compiled programs.
      cached: what to call that.
    """
    command = [sys.executable, "-m", "lamour_jax.cli.main", "recover", "--env", robot]
    before = _children_seconds()
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, "--out", str(out)],
        env=os.environ | {"XDG_CACHE_HOME": str(cache)},
        stdout=subprocess.DEVNULL,
    )
    try:
        while not read_metrics(out):
            if process.poll() is not None:
                sys.exit(f"the run ended (exit code {process.returncode}) before it had learned")
            time.sleep(0.02)
        seconds = time.monotonic() - began
    finally:
        process.kill()
        process.wait()
    where = machine.in_words(machine.describe())
    return Start(robot, cached, round(seconds, 2), round(_children_seconds() - before, 2), where)


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", nargs="+", default=["hopper", "half_cheetah"], help="the robots")
    rows = []
    for robot in parser.parse_args().env:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            for number in range(1 + WARM_STARTS):
                cached = "warm" if number else "cold"
                rows.append(start(robot, folder / "cache", cached, folder / f"run-{number}"))
                print(f"{robot}, {cached} cache: {rows[-1].seconds:.1f} s", flush=True)
    with RESULTS.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Start._fields)
        writer.writerows(rows)
    print(f"written to {RESULTS}")


if __name__ == "__main__":
    main()
