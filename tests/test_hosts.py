"""Two processes train as one, stop together, go on, and say what is wrong."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest

from lamour_jax import hosts
from lamour_jax.errors import UserError
from lamour_jax.policy import load_policy
from lamour_jax.runs import read_metrics
from tests.on_eight_devices import difference

LAMOUR = [sys.executable, "-m", "lamour_jax.cli.main"]
TWO_HOSTS = [sys.executable, "-m", "tests.two_hosts"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(command: list[str], devices: int = 1) -> subprocess.Popen:
    flags = f"--xla_force_host_platform_device_count={devices}"
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
    )  # fmt: skip


def finished(processes: list[subprocess.Popen], seconds: float) -> list[tuple[int, str, str]]:
    """(exit code, stdout, stderr) of each."""
    deadline = time.monotonic() + seconds
    try:
        outputs = [p.communicate(timeout=deadline - time.monotonic()) for p in processes]
    finally:
        for process in processes:
            process.kill()
    return [(p.returncode, *output) for p, output in zip(processes, outputs, strict=True)]


def lamour_twice(*arguments: str) -> list[subprocess.Popen]:
    """A command in two processes, the leader first."""
    together = ["--coordinator", f"127.0.0.1:{free_port()}", "--num-processes", "2"]
    return [start([*LAMOUR, *arguments, *together, "--process-id", str(k)]) for k in range(2)]


def policies(folder: Path) -> dict[str, object]:
    """The parameters at each evaluation, by file."""
    return {
        str(path.relative_to(folder)): load_policy(
            path, robot="scripted", observation_size=2, action_size=1
        ).params
        for path in sorted(folder.glob("**/policies/*.msgpack"))
    }


@pytest.mark.parametrize(
    "what",
    ["sac", *(pytest.param(name, marks=pytest.mark.slow) for name in ("ppo", "population"))],
)
def test_two_processes_learn_what_one_with_two_devices_learns(what, tmp_path):
    command, port = [*TWO_HOSTS, what, str(tmp_path)], str(free_port())
    processes = [start([*command, port, str(k)]) for k in range(2)] + [start(command, devices=2)]
    for code, _, err in finished(processes, 500):
        assert code == 0, err[-3000:]
    alone, two = policies(tmp_path / "alone"), policies(tmp_path / "two")
    assert len(alone) == 3 + (what == "sac") if what != "population" else 8
    # Interrupted in the second epoch, which ended in a checkpoint and not in an evaluation.
    assert set(two) < set(alone) and len(two) == len(alone) * 3 // 4 if what != "ppo" else two
    continued = policies(tmp_path / "interrupted")
    assert set(continued) == set(two)
    first, last = min(two), max(two)
    for name in two:
        assert difference(two[name], alone[name]) < 2e-3, name
        assert difference(continued[name], alone[name]) < 2e-3, name
    assert difference(alone[first], alone[last]) > 0.01
    for k in range(2):
        found = json.loads((tmp_path / f"found-{k}.json").read_text())
        assert found["interrupted"] and found["folders_are_apart"]
        assert found["ids"] == [0, 1] and found["from_leader"] == 0
        assert found["sizes"] == [5, 5_120_000] and found["intact"]
        assert found["failure"] == ["UserError: process 1: no disk", "OSError: no disk"][k]
