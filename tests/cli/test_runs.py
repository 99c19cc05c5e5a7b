"""Whole runs as a person starts them: real processes, interrupted, killed, resumed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

LAMOUR = [sys.executable, "-m", "lamour_jax.cli.main"]
RECOVER = ["recover", "--env", "hopper", "--physics", "native"]


def start(*arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [*LAMOUR, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(condition, seconds: float = 240.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def rows(run: Path, kind: str) -> list[dict]:
    path = run / "metrics.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [row for row in map(json.loads, lines) if row["kind"] == kind]


@pytest.fixture(scope="module")
def interrupted_run(tmp_path_factory, hopper_policy) -> tuple[Path, subprocess.CompletedProcess]:
    """A run that got Ctrl-C in the middle of training."""
    run = tmp_path_factory.mktemp("interrupted") / "run"
    process = start(
        *RECOVER, "--policy", str(hopper_policy), "--updates", "1500", "--out", str(run)
    )
    wait_for(lambda: rows(run, "epoch") or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    return run, subprocess.CompletedProcess(process.args, process.returncode, out, err)


def test_ctrl_c_saves_the_state_and_says_how_to_resume(interrupted_run):
    run, process = interrupted_run
    assert process.returncode == 2, process.stderr
    assert f"lamour recover --resume --out {run}" in process.stderr
    assert "Traceback" not in process.stderr
    assert any((run / "checkpoint").iterdir())
    assert "compiled in" in process.stdout


def refused(*arguments: str) -> str:
    process = start(*arguments)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 2, err
    assert "Traceback" not in err
    return err


def test_a_resumed_run_keeps_its_settings(interrupted_run, hopper_policy, tmp_path):
    run, _ = interrupted_run
    resume = ["recover", "--resume", "--out", str(run), "--env", "hopper", "--physics", "auto"]
    others = ["--num-envs", "3", "--seeds", "1", "2", "--set", "tau=1"]
    said = refused(*resume, *others, "--policy", str(hopper_policy))
    num_envs = json.loads((run / "config.json").read_text())["sac"]["num_envs"]
    assert f"--num-envs was {num_envs} and not 3" in said
    assert "--seeds was 1 and not 1 2" in said
    assert "--policy must be left out" in said and "--set must be left out" in said
    assert "--env" not in said and "--physics" not in said  # they are the run's
    other = tmp_path / "run"
    shutil.copytree(run, other)
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "devices": 8}))
    said = refused("recover", "--resume", "--out", str(other))
    assert "this run was started on 8 devices" in said and "1 on this machine" in said


def test_interrupted_run_resumes_to_its_end_which_may_be_later(interrupted_run, tmp_path):
    run, _ = interrupted_run
    before = rows(run, "epoch")
    resumed = subprocess.run(
        [*LAMOUR, "recover", "--resume", "--out", str(run), "--updates", "1750"],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert resumed.returncode == 0, resumed.stderr
    epochs = rows(run, "epoch")
    assert epochs[: len(before)] == before
    counts = [row["updates"] for row in epochs]
    assert counts == sorted(set(counts)) and counts[-1] >= 1750
    assert json.loads((run / "config.json").read_text())["train"]["num_updates"] == 1750
    outcome = json.loads((run / "metrics.json").read_text())
    for start in ("ood", "battery", "normal"):
        assert outcome["recovered"][start]["episodes"] == 64
    assert 0.0 <= outcome["success_rate"] <= 1.0
    for file in ("report.html", "policy.msgpack", "original.msgpack", "reward/reward_jnp.py"):
        assert (run / file).stat().st_size > 0
    measured = subprocess.run(
        [*LAMOUR, "evaluate", str(run), "--env", "hopper", "--episodes", "2", "--json"]
        + ["--out", str(tmp_path / "evaluation")],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert json.loads(measured.stdout)["episodes"] == 2


@pytest.mark.slow
def test_seeds_are_trained_side_by_side_from_the_battery_and_their_mean_is_told(
    tmp_path, hopper_policy
):
    run = tmp_path / "run"
    process = subprocess.run(
        [*LAMOUR, *RECOVER, "--policy", str(hopper_policy)]
        + ["--seeds", "3", "4", "--method", "sac_zero", "--start", "battery"]
        + ["--updates", "16", "--out", str(run)],
        check=True,
        capture_output=True,
        text=True,
        timeout=900,
    )
    outcome = json.loads((run / "metrics.json").read_text())
    assert outcome["seeds"] == [3, 4]
    assert outcome["start"] == json.loads((run / "config.json").read_text())["start"] == "battery"
    assert list(outcome["members"]) == ["seed-3", "seed-4"]
    policies = [
        (run / "members" / name / "policy.msgpack").read_bytes() for name in ("seed-3", "seed-4")
    ]
    assert policies[0] != policies[1]
    assert (run / "policy.msgpack").read_bytes() in policies
    returns = [figures["return"] for figures in outcome["members"].values()]
    assert f"return {sum(returns) / 2:.0f}" in process.stdout
    assert "  mean: success_rate" in process.stdout


def test_full_disk_is_said_and_costs_nothing(tmp_path, hopper_policy):
    """A file system of 2 MB: the run's folder fits, its first checkpoint does not."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    try:
        run = disk / "run"
        process = subprocess.run(
            [*LAMOUR, *RECOVER, "--policy", str(hopper_policy)]
            + ["--updates", "300", "--out", str(run)],
            check=False,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert process.returncode == 1, process.stderr
        assert "the disk is full" in process.stderr
        assert "Traceback" not in process.stderr
        assert json.loads((run / "config.json").read_text())["robot"] == "hopper"
    finally:
        subprocess.run(["umount", str(disk)], check=True)
