"""What JAX's backend cannot give is said in words, with what to do."""

import os
import subprocess
import sys
from functools import partial
from types import SimpleNamespace

import jax.numpy as jnp
import pytest

from lamour_jax.backend import memory_explained
from lamour_jax.cli import check, main, training
from lamour_jax.devices import make_mesh
from lamour_jax.errors import UserError
from lamour_jax.memory import MemoryPlan

LAMOUR = [sys.executable, "-m", "lamour_jax.cli.main"]
TOO_MANY = 10**14  # numbers: 400 TB


@pytest.mark.parametrize(("command", "platform"), [("recover", "cuda"), ("evaluate", "nonsense")])
def test_devices_that_are_not_here(command, platform):
    process = subprocess.run(
        [*LAMOUR, command, "--env", "hopper"], capture_output=True, text=True, check=False,
        timeout=120, env={**os.environ, "JAX_PLATFORMS": platform, "CUDA_VISIBLE_DEVICES": "-1"},
    )  # fmt: skip
    assert process.returncode == 2, process.stderr
    assert f"lamour: JAX_PLATFORMS={platform} asks for devices" in process.stderr
    assert "pip install -e '.[cuda]'" in process.stderr
    assert "Traceback" not in process.stderr


def test_a_command_that_runs_out_of_memory_says_so(capsys, monkeypatch):
    monkeypatch.setattr(check, "run", lambda options: jnp.zeros(TOO_MANY))
    assert main.main(["check", "reward.py", "--env", "hopper"]) == 2
    said = capsys.readouterr().err
    assert "the memory is used up (RESOURCE_EXHAUSTED: Out of memory allocating 4000000" in said
    assert "lower the number of robots" in said


def test_training_that_runs_out_of_memory_says_what_takes_most(monkeypatch):
    plan = MemoryPlan({"robots": 3 * 10**9, "replay": 0}, None)
    layout = SimpleNamespace(mesh=make_mesh(1), memory=plan, original=None, config=None)
    programs = SimpleNamespace(
        memory=MemoryPlan({**plan.parts, "programs": 5 * 10**9}, None), compilation=""
    )
    monkeypatch.setattr(training, "compile_programs", lambda layout: programs)
    monkeypatch.setattr(training, "train", lambda *arguments, **options: jnp.zeros(TOO_MANY))
    run = SimpleNamespace(folder="run")
    with pytest.raises(UserError, match=r"used up .*: 5 GB are for programs; give fewer --num-en"):
        training.run_training(layout, None, run)
    monkeypatch.setattr(training, "compile_programs", lambda layout: jnp.zeros(TOO_MANY))
    with pytest.raises(UserError, match=r"used up .*: 3 GB are for robots; give fewer --num-envs"):
        training.run_training(layout, None, run)


def test_the_hosts_memory_counts_and_other_errors_pass():
    explained = partial(memory_explained, lambda: "buy more")
    with pytest.raises(UserError, match=r"used up \(MemoryError\): buy more"), explained():
        raise MemoryError
    with pytest.raises(RuntimeError, match="another matter"), explained():
        raise RuntimeError("another matter")
