"""The loop of docs/accelerators.md for machines that are taken away, as a shell runs it."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lamour_jax.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
UPDATES = 3_000


def loop(run: Path, options: str) -> str:
    """The page's script, for another run."""
    page = (ROOT / "docs" / "accelerators.md").read_text(encoding="utf-8")
    [script] = re.findall(r"^    run=.*?^    done$", page, re.DOTALL | re.MULTILINE)
    own = "--env half_cheetah --learner ppo --preset scale"
    assert own in script and "run=runs/half_cheetah" in script
    return script.replace(own, options).replace("run=runs/half_cheetah", f"run={run}")


class Machine:
    """What runs the loop, and can take its command away.

    Args:
      script: the loop.
      folder: where a `lamour` for it is put, which notes down its process.
    """

    def __init__(self, script: str, folder: Path):
        self._started = folder / "started"
        command = folder / "lamour"
        lamour = f'{sys.executable} -m lamour_jax.cli.main "$@"'
        command.write_text(f"#!/bin/sh\necho $$ >> {self._started}\nexec {lamour}\n")
        command.chmod(command.stat().st_mode | stat.S_IXUSR)
        path = os.pathsep.join([str(folder), os.environ["PATH"]])
        self.loop = subprocess.Popen(
            ["bash", "-c", script],
            env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def started(self) -> list[int]:
        """The processes that the loop has started."""
        text = self._started.read_text() if self._started.exists() else ""
        return [int(pid) for pid in text.split()]

    def preempt(self, number: int, signum: int, condition: Callable[[], bool]) -> None:
        """Signals the `number`-th process when the condition comes true, and waits for the next."""
        self.wait_for(lambda: len(self.started) == number and condition())
        os.kill(self.started[-1], signum)
        self.wait_for(lambda: len(self.started) > number)

    def wait_for(self, condition: Callable[[], bool], seconds: float = 400.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.loop.poll() is None, self.loop.communicate()[0]
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.05)


def updates(run: Path, kind: str = "epoch") -> list[int]:
    path = run / "metrics.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [row["updates"] for row in map(json.loads, lines) if row["kind"] == kind]


@pytest.mark.slow
def test_a_machine_that_is_taken_away_again_and_again_finishes_the_run(hopper_policy, tmp_path):
    run = tmp_path / "run"
    # Killed while the first checkpoint was written: nothing that could be continued.
    (run / "checkpoint" / "250.orbax-checkpoint-tmp").mkdir(parents=True)
    (run / "config.json").write_text("{}")
    options = f"--env hopper --policy {hopper_policy} --physics native --updates {UPDATES}"
    machine = Machine(loop(run, options), tmp_path)

    machine.preempt(1, signal.SIGTERM, (run / "original.msgpack").exists)  # it compiles
    machine.preempt(2, signal.SIGTERM, lambda: bool(updates(run)))
    first = max(updates(run))
    machine.preempt(3, signal.SIGKILL, lambda: max(updates(run)) > first)  # without a warning
    machine.preempt(4, signal.SIGTERM, lambda: max(updates(run)) > first + 500)
    said, _ = machine.loop.communicate(timeout=600)

    assert machine.loop.returncode == 0, said
    assert len(machine.started) == 5
    counted = updates(run)
    assert counted == sorted(set(counted))  # no step is told twice
    assert counted[-1] >= UPDATES
    assert (run / "report.html").exists() and (run / "policy.msgpack").exists()
    assert json.loads((run / "metrics.json").read_text())["recovered"]["normal"]["episodes"]
    assert main(["evaluate", str(run), "--env", "hopper", "--episodes", "2"]) == 0
