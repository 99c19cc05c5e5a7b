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
def table(tmp_path) -> Table:
    table = Table({"cores": 2}, tmp_path)
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
            memory_bytes=2_500_000,
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
    assert "90 control steps/s (80 to 100), 0.90 of raw, compiled in 1.2 s, 2.5 MB" in first
    assert second.endswith("skipped: not installed")


def test_every_row_is_written(table, tmp_path):
    found = json.loads((tmp_path / "bench.json").read_text())
    assert found["machine"] == {"cores": 2}
    assert found["rows"][0]["ratio"] == 0.9
    assert tuple(found["rows"][0]) == COLUMNS
    with (tmp_path / "bench.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["num_envs"], rows[0]["value"], rows[0]["batch"]) == ("4", "90.0", "")
    assert (rows[0]["memory_bytes"], rows[1]["memory_bytes"]) == ("2500000", "")
    assert (rows[1]["value"], rows[1]["note"]) == ("", "skipped: not installed")


def test_what_fails_is_a_row_and_the_rest_goes_on(table):
    row = Row("physics", "environment", "mjx", "hopper", 4096)
    with table.attempt(row):
        table.add(row)
        raise RuntimeError("RESOURCE_EXHAUSTED: out of memory\nwhile allocating")
    with table.attempt(row):
        raise AssertionError
    with pytest.raises(KeyboardInterrupt), table.attempt(row):
        raise KeyboardInterrupt
    made, full, wordless = table.rows[2:]
    assert (made, full.num_envs, full.value) == (row, 4096, None)
    assert full.note == "skipped: RESOURCE_EXHAUSTED: out of memory"
    assert wordless.note == "skipped: AssertionError"


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
