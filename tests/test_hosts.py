"""Two processes train as one, stop together, go on, and say what is wrong."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

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


def start(command: list[str], devices: int = 1, **environment: str) -> subprocess.Popen:
    # What is compiled runs for a second or two: optimising it would take longer.
    flags = f"--xla_force_host_platform_device_count={devices} --xla_backend_optimization_level=0"
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu", **environment},
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


@pytest.mark.slow
@pytest.mark.parametrize("what", ["sac", "ppo", "population"])
def test_two_processes_learn_what_one_with_two_devices_learns(what, tmp_path):
    command, address = [*TWO_HOSTS, what, str(tmp_path)], f"127.0.0.1:{free_port()}"
    processes = [start([*command, address, str(k)]) for k in range(2)]
    processes.append(start(command, devices=2))
    for code, _, err in finished(processes, 500):
        assert code == 0, err[-3000:]
    alone, two, continued = (policies(tmp_path / name) for name in ("alone", "two", "interrupted"))
    # The second of the epochs ended in a checkpoint, and not in an evaluation.
    assert len(two) == len(alone) - (2 if what == "population" else 1)
    assert set(alone) > set(two) == set(continued)
    first, last = min(two), max(two)
    for name in two:
        assert difference(two[name], alone[name]) < 2e-3, name
        assert difference(continued[name], alone[name]) < 2e-3, name
    assert difference(alone[first], alone[last]) > 0.01
    for k in range(2):
        found = json.loads((tmp_path / f"found-{k}.json").read_text())
        assert found["interrupted"] and found["folders_are_apart"]


def slurm(process: int, port: int) -> dict[str, str]:
    """The environment of one of two tasks, as srun makes it."""
    return {
        "SLURM_JOB_ID": "7",
        "SLURM_STEP_NODELIST": "127.0.0.1",
        "SLURM_NTASKS": "2",
        "SLURM_PROCID": str(process),
        "SLURM_LOCALID": str(process),
        "JAX_COORDINATOR_PORT": str(port),
    }


def test_tasks_of_slurm_meet_and_talk_and_notice_when_one_is_lost(tmp_path):
    command, port = [*TWO_HOSTS, "lost", str(tmp_path), hosts.AUTO], free_port()
    processes = [start(command, **slurm(k, port)) for k in range(2)]
    (code, _, err), (killed, _, _) = finished(processes, 120)
    for k in range(2):
        found = json.loads((tmp_path / f"found-{k}.json").read_text())
        assert found["ids"] == [0, 1] and found["from_leader"] == 0
        assert found["sizes"] == [5, 5_120_000] and found["intact"]
        assert found["failure"] == ["UserError: process 1: no disk", "OSError: no disk"][k]
    assert killed == -signal.SIGKILL
    assert code == 2
    assert "another process of this training is gone: start again" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, 2, 0), "need --coordinator HOST:PORT"),
        (("auto", None, 1), "need --coordinator HOST:PORT"),
        (("localhost:1234", 2, None), "needs --num-processes and --process-id"),
        (("localhost:1234", None, 0), "needs --num-processes and --process-id"),
        (("localhost", 2, 0), "must be HOST:PORT, .* or auto, not 'localhost'"),
        (("localhost:http", 2, 0), "must be HOST:PORT"),
        (("localhost:0", 2, 0), "the port from 1 to 65535, or auto, not 'localhost:0'"),
        (("localhost:99999999", 2, 0), "the port from 1 to 65535"),
        (("localhost:1234", 2, 2), "--process-id must be 0 to 1"),
        (("localhost:1234", 2, -1), "--process-id must be 0 to 1"),
    ],
)
def test_wrong_flags_are_explained(arguments, message):
    with pytest.raises(UserError, match=message):
        hosts.join(*arguments)


def test_one_process_alone_is_its_own_leader():
    hosts.join(None)
    assert hosts.leads()
    assert hosts.each(lambda: "mine") == ["mine"]
    assert hosts.from_leader(lambda: (1, 2)) == (1, 2)  # not even copied
    tree = {"x": np.ones(3)}
    assert hosts.whole(tree)["x"] is tree["x"]
    with pytest.raises(KeyError):
        hosts.agree(lambda: {}["missing"])
    with pytest.raises(ValueError, match="anything else"), hosts.losses_explained("start again"):
        raise ValueError("anything else")


def test_who_does_not_come_is_waited_for_but_not_for_ever():
    code = "from lamour_jax import hosts; hosts.join('127.0.0.1:{}', 2, {}, timeout=2.0)"
    alone = [
        start([sys.executable, "-c", code.format(free_port(), process)]) for process in range(2)
    ]
    auto = start([*LAMOUR, "recover", "--env", "hopper", "--coordinator", "auto"])
    *ended, unknown = finished([*alone, auto], 120)
    for code, _, err in ended:
        assert code == 2
        assert "not all processes came together at 127.0.0.1:" in err
        assert "Traceback" not in err
    assert unknown[0] == 2
    assert "no cluster was recognised here (Slurm, Open MPI, a TPU pod" in unknown[2]


@pytest.mark.parametrize("address", ["127.0.0.1", "::"])
def test_a_port_in_use_is_said(address):
    """JAX itself would crash without a word."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as taken:
        port = taken.getsockname()[1]
        flags = ["--coordinator", f"localhost:{port}", "--num-processes", "2", "--process-id", "0"]
        ((code, _, err),) = finished([start([*LAMOUR, "recover", "--env", "hopper", *flags])], 120)
    assert code == 2, err
    assert f"process 0 cannot listen on port {port} of --coordinator localhost:{port}" in err
    assert "in use" in err and "another port" in err


@pytest.mark.slow
def test_processes_must_be_given_one_command(tmp_path):
    arguments = ["recover", "--env", "hopper", "--out", str(tmp_path / "run")]
    together = ["--coordinator", f"127.0.0.1:{free_port()}", "--num-processes", "2"]
    commands = [[*LAMOUR, *arguments, "--seeds", str(k), *together] for k in range(2)]
    processes = [start([*command, "--process-id", str(k)]) for k, command in enumerate(commands)]
    for code, _, err in finished(processes, 200):
        assert (code, "the processes were given unlike --seeds" in err) == (2, True), err
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_one_signal_stops_all_and_the_run_goes_on(tmp_path):
    run = tmp_path / "run"
    arguments = ["recover", "--env", "half_cheetah", "--physics", "native"]
    processes = lamour_twice(*arguments, "--updates", "100000", "--out", str(run))
    deadline = time.monotonic() + 500
    while not read_metrics(run):
        assert all(process.poll() is None for process in processes)
        assert time.monotonic() < deadline, "training did not begin in time"
        time.sleep(0.5)
    processes[1].send_signal(signal.SIGTERM)
    for code, _, err in finished(processes, 200):
        assert code == 2, err[-3000:]
        assert f"lamour recover --resume --out {run}" in err
        assert "Traceback" not in err
    updates = max(row["updates"] for row in read_metrics(run))
    again = lamour_twice("recover", "--resume", "--out", str(run), "--updates", str(updates + 200))
    (code, out, err), (other, silent, _) = finished(again, 600)
    assert (code, other) == (0, 0), err[-3000:]
    assert "success_rate" in out and "success_rate" not in silent
    counts = [row["updates"] for row in read_metrics(run) if row["kind"] == "epoch"]
    assert counts == sorted(set(counts)) and counts[-1] >= updates + 200
    for file in ("report.html", "policy.msgpack", "metrics.json", "reward/reward_jnp.py"):
        assert (run / file).stat().st_size > 0
    assert json.loads((run / "config.json").read_text())["machine"]["processes"] == 2
