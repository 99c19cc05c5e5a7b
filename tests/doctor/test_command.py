"""`lamour doctor` as a person starts it."""

import json
import os
import subprocess
import sys

import pytest

from lamour_jax.cli.doctor import describe
from lamour_jax.doctor import CHECKS, examine
from lamour_jax.doctor.finding import FAIL, Finding

DOCTOR = [sys.executable, "-m", "lamour_jax.cli.main", "doctor"]


def started(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*DOCTOR, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def test_a_machine_that_is_ready():
    process = started("--json", OPENAI_API_KEY="sk-abcdefghijklmnop")
    assert process.returncode == 0, process.stdout
    outcome = json.loads(process.stdout)
    assert outcome["checks"].keys() == CHECKS.keys()
    assert {outcome["checks"][name]["status"] for name in ("numbers", "robots")} == {"ok"}
    assert "key in OPENAI_API_KEY" in outcome["checks"]["keys"]["found"]
    assert "abcdefgh" not in process.stdout + process.stderr
    assert "numbers ..." in process.stderr  # who waits sees for what


def test_with_everything_broken_each_is_named_and_the_exit_code_is_1(stub, tmp_path):
    stub("jax", version="0.10.2")
    stubs = stub("jax", code="raise ImportError('libcudart is missing')")
    process = started(
        PYTHONPATH=os.pathsep.join([str(stubs), *filter(None, sys.path)]),
        MUJOCO_GL="disable",
        XDG_CACHE_HOME=os.devnull,
        IMAGEIO_FFMPEG_EXE=str(tmp_path / "nowhere"),
    )
    assert process.returncode == 1, process.stdout + process.stderr
    assert "Traceback" not in process.stdout + process.stderr
    said = " ".join(process.stdout.split())
    for words in (
        "fail versions jax 0.10.2 (needed: 0.9.2)",
        "fail devices JAX cannot be imported: ImportError: libcudart is missing",
        "fail numbers import of JAX: ImportError: libcudart is missing",
        "fail robots import of what trains: ImportError",
        "warn drawing",
        "warn films",
        "warn cache",
        "Not ready",
    ):
        assert words in said, process.stdout


def test_a_check_that_breaks_is_a_finding():
    def check():
        raise ModuleNotFoundError("No module named 'packaging'")

    ((name, find),) = examine({"versions": check})
    finding = find()
    assert (name, finding.status) == ("versions", FAIL)
    assert "No module named 'packaging'" in finding.found
    assert "requirements.txt" in finding.advice


@pytest.mark.parametrize("advice", ["", "mend it " * 30])
def test_findings_keep_their_column(advice):
    lines = describe("numbers", Finding(FAIL, "found " * 40, advice)).splitlines()
    assert lines[0].startswith("fail  numbers   found")
    assert all(len(line) <= 100 for line in lines)
    assert all(line.startswith(" " * 16) for line in lines[1:])
    assert any("->" in line for line in lines) == bool(advice)
