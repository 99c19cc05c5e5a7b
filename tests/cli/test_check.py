"""`lamour check`: what a program that calls it reads."""

import hashlib
import json
from pathlib import Path

import pytest

from lamour_jax.cli.main import main

SOUND = """
def is_recovered(state):
    return 1 if state[0] > 1.0 else 0

def calculate_reward(state, action):
    return -abs(state[0] - 1.2) - 0.01 * float((action ** 2).sum())
"""


def checked(tmp_path: Path, capsys, source: str) -> tuple[int, dict]:
    """(exit code, the JSON on standard output) for the hopper."""
    file = tmp_path / "code.py"
    file.write_text(source)
    out = str(tmp_path / "out")
    code = main(["check", str(file), "--env", "hopper", "--json", "--out", out])
    return code, json.loads(capsys.readouterr().out)


def test_sound_code(tmp_path, capsys):
    code, verdict = checked(tmp_path, capsys, SOUND)
    assert code == 0 and verdict["accepted"] is True
    assert verdict["max_relative_difference"] < 1e-6
    assert all(finding["severity"] == "warning" for finding in verdict["findings"])
    program = Path(verdict["jnp_source"])
    assert "def calculate_reward" in program.read_text()
    source = (program.parent / "reward.py").read_bytes()
    assert verdict["sha256"] == hashlib.sha256(source).hexdigest()


@pytest.mark.parametrize(("line", "rule"), [("import os", "import"), ("open('x', 'w')", "name")])
def test_refused_code(tmp_path, capsys, line, rule):
    code, verdict = checked(tmp_path, capsys, f"{SOUND}\n{line}\n")
    assert code == 2 and verdict["accepted"] is False and verdict["jnp_source"] is None
    finding = verdict["findings"][0]
    assert finding["severity"] == "error" and rule in finding["rule"], finding
    assert finding["line"] >= 7 and finding["message"]
