"""One cell as it is: interrupted, killed, continued, finished, in the table."""

import signal
import subprocess
import threading
import time

import pytest

from experiments.paper import running, table
from experiments.paper.__main__ import run_study
from experiments.paper.cells import BROKEN, INTERRUPTED, RUNNING, Study, state_of
from experiments.paper.grid import Cell
from experiments.paper.running import Stopped
from lamour_jax.runs import read_metrics
from tests.experiments.test_cells import interrupted_when

CELL = Cell("hopper", "lamour", 1)


def test_a_killed_cell_goes_on_from_its_checkpoint(tmp_path, hopper_policy, monkeypatch, capsys):
    processes: list[subprocess.Popen] = []
    launch = running._launch

    def watched(*arguments) -> subprocess.Popen:
        processes.append(launch(*arguments))
        return processes[-1]

    monkeypatch.setattr(running, "_launch", watched)
    # The updates of tests/cli/test_runs.py: its compiled programs serve here.
    study = Study("fast", "untrained", {"hopper": hopper_policy}, tmp_path / "runs",
                  tmp_path / "results", {"updates": 1500})  # fmt: skip
    folder = study.run_folder(CELL)

    with interrupted_when(lambda: read_metrics(folder)), pytest.raises(Stopped):
        run_study(study, [CELL], 1)
    assert state_of(study, CELL)[0] == INTERRUPTED
    before = read_metrics(folder)

    states = []

    def kill_when_it_goes_on() -> None:
        while len(read_metrics(folder)) <= len(before):
            time.sleep(0.05)
        states.append(state_of(study, CELL))
        processes[-1].send_signal(signal.SIGKILL)

    threading.Thread(target=kill_when_it_goes_on, daemon=True).start()
    run_study(study, [CELL], 1)
    assert len(processes) == 2
    assert states[0][0] == RUNNING and "of 1500 updates" in states[0][1]
    assert state_of(study, CELL)[0] == BROKEN and "hopper-lamour-1 broke" in capsys.readouterr().out

    run_study(study, [CELL], 1)
    run_study(study, [CELL], 1)
    assert len(processes) == 3
    rows = read_metrics(folder)
    assert rows[: len(before)] == before
    updates = [row["updates"] for row in rows if row["kind"] == "epoch"]
    assert updates == sorted(set(updates)) and updates[-1] >= 1500
    recorded = table.read_table(study.results, "fast")
    curve = [row for row in recorded if row["kind"] == "curve"]
    assert [int(row["updates"]) for row in curve] == [
        row["updates"] for row in rows if row["kind"] == "evaluation"
    ]
    assert table.finished_cells(study)[CELL]["episodes"] == "64"
