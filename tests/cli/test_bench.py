"""A small bench from the command line."""

import csv
import json
import subprocess
import sys

import pytest

from lamour_jax.cli.bench import bench
from lamour_jax.errors import UserError


def test_measures_the_environment_against_its_limit(hopper_policy, tmp_path):
    out = tmp_path / "bench"
    done = subprocess.run(
        [sys.executable, "-m", "lamour_jax.cli.main", "bench", "--env", "hopper"]
        + ["--parts", "physics", "--physics", "native", "--num-envs", "4", "--budget", "0.2"]
        + ["--cached", "--policy", str(hopper_policy), "--out", str(out)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "raw mujoco.batch" in done.stdout and str(out) in done.stdout
    environment, raw = json.loads((out / "bench.json").read_text())["rows"]
    assert (environment["what"], raw["what"]) == ("environment", "raw mujoco.batch")
    assert environment["ratio_to"] == "raw mujoco.batch" and environment["ratio"] > 0
    assert environment["low"] <= environment["value"] <= environment["high"]
    with (out / "bench.csv").open() as file:
        assert [row["num_envs"] for row in csv.DictReader(file)] == ["4", "4"]
    assert (out / "bench.png").is_file()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"budget": 0.0}, "--budget"),
        ({"num_envs": [4, 0]}, "--num-envs"),
        ({"engines": ["native", "bullet"]}, "'bullet', choose of native, mjx, warp"),
    ],
)
def test_what_is_refused_before_anything_is_measured(options, complaint):
    with pytest.raises(UserError, match=complaint):
        bench(env="hopper", **options)
