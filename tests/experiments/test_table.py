"""The table of results: recorded once or twice, it is the same."""

import json

import pytest

from experiments.paper import table
from experiments.paper.cells import Study, begin_attempt
from experiments.paper.grid import Cell
from tests.experiments.made_up import made_up_rows

CELL = Cell("hopper", "lamour", 2)
MEASURES = {"episodes": 64, "return_std": 1.23456, "success_rate": 0.984375}


@pytest.fixture
def study(tmp_path) -> Study:
    """With one finished run."""
    study = Study("fast", "released", {}, tmp_path / "runs", tmp_path / "results")
    folder = study.run_folder(CELL)
    folder.mkdir(parents=True)
    begin_attempt(study, CELL, (1, 3), jobs=2)
    rows = [
        {"kind": "epoch", "updates": 500, "env_steps": 8000, "seconds": 3.0, "train/alpha": 0.03},
        {"kind": "evaluation", "updates": 1000, "env_steps": 16_000, "seconds": 7.77, **MEASURES,
         "return": 100.04, "time_to_recovery": None},
        {"kind": "evaluation", "updates": 2000, "env_steps": 24_000, "seconds": 15.0, **MEASURES,
         "return": 3000.0, "time_to_recovery": 41.5},
    ]  # fmt: skip
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "config.json").write_text(json.dumps({"sac": {"tau": 0.05}, "machine": {"jax": "1"}}))

    def measures(value: float) -> dict:
        return {**MEASURES, "return": value, "time_to_recovery": 40.0}

    outcome = {
        "recovered": {"ood": measures(3100.0), "normal": measures(3200.0)},
        "original": {"ood": measures(0.0), "normal": measures(3300.0)},
        "retention": 3200 / 3300,
        "seconds": 20.25,
    }
    (folder / "metrics.json").write_text(json.dumps(outcome))
    return study


def test_a_run_s_rows(study):
    rows = table.rows_of_run(study, CELL)
    named = {(row["kind"], row["start"], row["updates"]): row for row in rows}
    assert len(named) == len(rows) == 6
    curve = named["curve", "ood", "1000"]
    assert [curve[name] for name in ("policies", "robot", "method", "seed")] == [
        "released", "hopper", "lamour", "2",
    ]  # fmt: skip
    assert (curve["seconds"], curve["return"], curve["time_to_recovery"]) == ("7.8", "100.0", "")
    final = named["final", "ood", "2000"]
    assert (final["return"], final["retention"], final["seconds"]) == ("3100.0", "0.9697", "20.2")
    assert (final["cores"], final["jobs"]) == ("2", "2") and final["cpu"] and final["date"]
    assert named["final", "normal", "2000"]["return"] == "3200.0"
    assert named["original", "normal", ""]["return"] == "3300.0"


def test_recording_again_changes_nothing(study):
    others = made_up_rows([CELL, Cell("ant", "sero", 1)], policies="shipped")
    others += made_up_rows([Cell("hopper", "lamour", 1)])
    table.write_table(study.results, "fast", table.merged([], others))
    table.record(study, [CELL])
    files = sorted(study.results.iterdir())
    once = [file.read_bytes() for file in files]
    assert [file.name for file in files] == ["paper_fast.csv", "paper_fast.json"]
    table.record(study, [CELL])
    assert [file.read_bytes() for file in files] == once
    rows = table.read_table(study.results, "fast")
    assert len(rows) == len(others) + 6
    assert sorted(map(str, rows)) == sorted(map(str, [*others, *table.rows_of_run(study, CELL)]))
    about = json.loads(files[1].read_text())["released"][CELL.name]
    assert about["sac"] == {"tau": 0.05} and about["machine"] == {"jax": "1"}
    assert about["attempt"]["jobs"] == 2


def test_new_rows_replace_the_cell_s_old_ones():
    cells = [Cell("hopper", "lamour", 1), Cell("hopper", "lamour", 2)]
    old = made_up_rows(cells, points=25)
    new = made_up_rows(cells[1:], points=3)
    rows = table.merged(old, new)
    assert sorted(map(str, rows)) == sorted(map(str, [*made_up_rows(cells[:1]), *new]))
    assert table.merged(rows, new) == rows
