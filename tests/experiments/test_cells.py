"""Bookkeeping of cells: what runs, what does not, and what is said; with stand-ins for training."""

import fcntl
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from experiments.paper import running, table
from experiments.paper.__main__ import report, run_study
from experiments.paper.cells import (
    BROKEN,
    DONE,
    INTERRUPTED,
    PENDING,
    RUNNING,
    Study,
    last_lines,
    state_of,
)
from experiments.paper.grid import Cell, make_cells
from experiments.paper.running import Stopped, core_shares

# Does in place of `recover` what the file "orders" says of the cell: finish, break or sleep.
STAND_IN = """
import json, os, signal, sys, time
task = json.loads(sys.argv[1])
out = task["recover"]["out"]
folder, name = os.path.split(out)
with open(os.path.join(folder, "started"), "a") as file:
    print(json.dumps({"name": name, "resume": task["resume"], "cores": task["cores"]}), file=file)
order = json.load(open(os.path.join(folder, "orders"))).get(name, "finish")
if order == "break":
    print("first line\\nthe reason", file=sys.stderr)
    sys.exit(3)
if order == "sleep":
    def save(*_):
        os.makedirs(os.path.join(out, "checkpoint", "250"))
        sys.exit(1)
    signal.signal(signal.SIGTERM, save)
    print("asleep", flush=True)
    time.sleep(60)
os.makedirs(out, exist_ok=True)
def write(name, content):
    with open(os.path.join(out, name), "w") as file:
        json.dump(content, file)
        file.write("\\n")
measures = {"episodes": 64, "return": 90.0, "return_std": 1.0, "success_rate": 0.75,
            "time_to_recovery": None}
write("config.json", {"robot": "hopper"})
write("metrics.jsonl", {"kind": "evaluation", "updates": 1000, "env_steps": 9000, "seconds": 5.0,
                        **measures})
write("metrics.json", {"recovered": {"ood": measures, "normal": measures}, "retention": 0.9,
                       "original": {"ood": measures, "normal": measures}, "seconds": 61.0})
"""


@pytest.fixture
def study(tmp_path, monkeypatch) -> Study:
    monkeypatch.setattr(running, "CHILD", (sys.executable, "-c", STAND_IN))
    study = Study("fast", "mine", {"hopper": Path("p")}, tmp_path / "runs", tmp_path / "results")
    (study.runs / "fast" / "mine").mkdir(parents=True)
    give_orders(study)
    return study


def give_orders(study: Study, **orders: str) -> None:
    (study.runs / "fast" / "mine" / "orders").write_text(json.dumps(orders))


def starts(study: Study) -> list[dict]:
    path = study.runs / "fast" / "mine" / "started"
    return [json.loads(line) for line in path.read_text().splitlines()]


LAMOUR = [Cell("hopper", "lamour", seed) for seed in (1, 2, 3)]


def test_finished_cells_are_recorded_and_never_run_again(study, capsys):
    run_study(study, LAMOUR, 2)
    assert sorted(start["name"] for start in starts(study)) == [cell.name for cell in LAMOUR]
    assert list(table.finished_cells(study)) == LAMOUR
    run_study(study, LAMOUR, 2)
    assert len(starts(study)) == 3
    capsys.readouterr()
    assert report(study, LAMOUR) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        "hopper       lamour           1  done        success 0.75, return 90, retention 0.90,"
        " 1.0 min"
    )
    assert lines[-1] == "fast, mine: 3 of 3 complete"


def test_a_broken_cell_is_its_own_matter_and_tried_again(study, capsys):
    give_orders(study, **{"hopper-lamour-1": "break"})
    run_study(study, LAMOUR[:2], 1)
    assert "hopper-lamour-1 broke" in (out := capsys.readouterr().out)
    assert "  first line\n  the reason" in out
    assert state_of(study, LAMOUR[0]) == (BROKEN, "exit code 3: the reason")
    assert report(study, LAMOUR) == 1
    assert "1 of 3 complete (1 broken)" in capsys.readouterr().out
    give_orders(study)
    run_study(study, LAMOUR[:2], 1)
    assert [start["name"][-1] for start in starts(study)] == ["1", "2", "1"]
    assert set(table.finished_cells(study)) == set(LAMOUR[:2])


def test_ctrl_c_lets_cells_save_and_the_next_call_goes_on_with_them(study):
    give_orders(study, **{"hopper-lamour-1": "sleep"})
    with (
        interrupted_when(lambda: last_lines(study.log(LAMOUR[0]), 1) == ["asleep"]),
        pytest.raises(Stopped),
    ):
        run_study(study, LAMOUR[:2], 1)
    assert state_of(study, LAMOUR[0])[0] == INTERRUPTED
    assert state_of(study, LAMOUR[1]) == (PENDING, "")
    give_orders(study)
    run_study(study, LAMOUR[:2], 1)
    assert [(start["name"][-1], start["resume"]) for start in starts(study)] == [
        ("1", False),
        ("1", True),
        ("2", False),
    ]


@contextmanager
def interrupted_when(condition: Callable[[], Any]) -> Iterator[None]:
    """Sends this process Ctrl-C once `condition` holds, if it does before the block ends."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            if condition():
                os.kill(os.getpid(), signal.SIGINT)
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_run_without_whole_checkpoint_begins_anew(study):
    folder = study.run_folder(LAMOUR[0])
    (folder / "checkpoint" / "250.orbax-checkpoint-tmp").mkdir(parents=True)
    (folder / "config.json").touch()
    run_study(study, LAMOUR[:1], 1)
    assert [start["resume"] for start in starts(study)] == [False]
    assert state_of(study, LAMOUR[0])[0] == DONE


def test_what_another_process_runs_is_left_to_it(study, capsys):
    with study.log(LAMOUR[0]).open("a") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        assert state_of(study, LAMOUR[0]) == (RUNNING, "")
        run_study(study, LAMOUR[:2], 1)
        assert [start["name"][-1] for start in starts(study)] == ["2"]
        assert "another process is running it" in capsys.readouterr().out
    run_study(study, LAMOUR[:2], 1)
    assert set(table.finished_cells(study)) == set(LAMOUR[:2])


def test_a_run_that_finished_unseen_is_recorded(study):
    run_study(study, LAMOUR[:1], 1)
    table.csv_path(study.results, "fast").unlink()
    run_study(study, LAMOUR[:1], 1)
    assert list(table.finished_cells(study)) == LAMOUR[:1]
    assert len(starts(study)) == 1


def test_each_job_has_its_share_of_the_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 5, 7})
    assert core_shares(2) == [(0, 2, 7), (1, 5)]
    assert core_shares(5) == [(0,), (1,), (2,), (5,), (7,)]
    assert core_shares(6)[-1] == (0,)  # more jobs than cores: they share
    monkeypatch.delattr(os, "sched_getaffinity")
    assert core_shares(2) == [None, None]


def test_a_fresh_clone_shows_committed_cells_as_complete(study, tmp_path, capsys):
    run_study(study, LAMOUR, 2)
    fresh = Study("fast", "mine", {}, tmp_path / "nothing", study.results)
    cells = make_cells(["hopper"], ["lamour", "sac_zero"])
    capsys.readouterr()
    assert report(fresh, cells) == 1
    assert "fast, mine: 3 of 4 complete (1 missing)" in capsys.readouterr().out
    assert not (tmp_path / "nothing").exists()
