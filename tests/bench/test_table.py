"""What is printed and written."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from lamour_jax.bench.plot import save_plot
from lamour_jax.bench.table import COLUMNS, Row, Table, measured
from lamour_jax.bench.timing import Sample
from lamour_jax.bench.training import WHOLE, parts
from tests.bench.rows import made_up


@pytest.fixture
def table(capsys) -> Table:
    table = Table({"cores": 2})
    ours, limit = Sample((80.0, 90.0, 100.0)), Sample((100.0, 100.0, 100.0))
    table.add(
        Row(
            "physics",
            "environment",
            "native",
            "hopper",
            4,
            **measured(ours, "control steps/s", ("raw", limit)),
            compile_seconds=1.25,
        )
    )
    table.add(Row("peers", "SBX SAC", robot="hopper", num_envs=1, note="skipped: not installed"))
    return table


def test_prints_a_line_a_row(table, capsys):
    capsys.readouterr()  # what the fixture printed
    table.add(table.rows[0])
    table.add(table.rows[1])
    first, second = capsys.readouterr().out.splitlines()
    assert "environment (native, 4 robots)" in first
    assert "90 control steps/s (80 to 100), 0.90 of raw, compiled in 1.2 s" in first
    assert second.endswith("skipped: not installed")


def test_writes_json_and_csv(table, tmp_path):
    table.write(tmp_path)
    found = json.loads((tmp_path / "bench.json").read_text())
    assert found["machine"] == {"cores": 2}
    assert found["rows"][0]["ratio"] == 0.9
    assert tuple(found["rows"][0]) == COLUMNS
    with (tmp_path / "bench.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["num_envs"], rows[0]["value"], rows[0]["batch"]) == ("4", "90.0", "")
    assert (rows[1]["value"], rows[1]["note"]) == ("", "skipped: not installed")


def test_parts_add_up_to_the_whole():
    rates = {
        WHOLE: 100.0,
        "physics": 1000.0,
        "steps without a program": 500.0,
        "steps": 400.0,
        "steps by the policy": 250.0,
        "replay": 1000.0,
        "updates": 250.0,
    }
    found = parts({name: Sample((rate,)) for name, rate in rates.items()})
    expected = {
        "physics": 1.0,
        "environment": 1.0,
        "reward program": 0.5,
        "policy": 1.5,
        "replay": 1.0,
        "updates": 4.0,
        "rest": 1.0,
    }
    assert {name: 1e3 * seconds for name, seconds in found.items()} == pytest.approx(expected)


def test_draws_what_was_measured(tmp_path):
    path = tmp_path / "bench.png"
    assert save_plot(path, made_up(), "a machine")
    whole = np.asarray(Image.open(path))
    assert save_plot(path, [row for row in made_up() if row.part == "learner"], "a machine")
    assert np.asarray(Image.open(path)).size < whole.size
    assert not save_plot(path, [Row("peers", "SBX SAC", note="skipped")], "a machine")
