"""What the sandbox withholds from code that has got past the allow-list, and that it always ends.

The programs here go to the sandbox directly: the allow-list would refuse most of them.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from lamour_jax.rewardcode import RewardCodeError
from tests.rewardcode.sandboxed import MODULES, STATES, run


def test_values_of_every_state() -> None:
    results = run("return -np.sum(state) + len(action)")
    np.testing.assert_allclose(results.reward, 2.0 - STATES.sum(axis=1))
    np.testing.assert_array_equal(results.recovered, 1.0)
    assert not results.faults


def test_states_cannot_be_changed_for_later_calls() -> None:
    np.testing.assert_array_equal(run("state[:] = 0.0\nreturn 1.0").reward, 1.0)
    assert STATES[1, 0] == 3.0


def test_exceptions_come_back_with_state_and_line() -> None:
    fault = run("x = 1.0\nreturn 1.0 / float(state[0])").faults[0]
    assert (fault.function, fault.index, fault.type, fault.line) == (
        "calculate_reward", 0, "ZeroDivisionError", 5,
    )  # fmt: skip


def test_ranges_of_terms() -> None:
    results = run("height = state[0]\nbonus = 0.5\nreturn -height + bonus")
    assert results.terms == {"height": (0.0, 9.0), "bonus": (0.5, 0.5)}


@pytest.mark.parametrize("body", ["while True:\n    pass", "while True:\n    x = np.sum(state)"])
def test_endless_loop_is_stopped(body: str) -> None:
    begin = time.monotonic()
    with pytest.raises(RewardCodeError) as error:
        run(body, cpu_seconds=1)
    assert error.value.findings[0].rule == "too-slow"
    assert time.monotonic() - begin < 20


def test_sleeping_is_stopped_by_the_clock() -> None:
    begin = time.monotonic()
    with pytest.raises(RewardCodeError) as error:
        run(MODULES + "sys.modules['time'].sleep(60)\nreturn 0.0", wall_seconds=3.0)
    assert error.value.findings[0].rule in ("too-slow", "sandbox")
    assert time.monotonic() - begin < 20


@pytest.mark.parametrize("body", ["x = np.ones(2**30)", "x = [0.0] * 2**30", "x = 9 ** 9 ** 8"])
def test_memory_and_time_are_bounded(body: str) -> None:
    try:
        faults = run(body + "\nreturn 0.0", cpu_seconds=2).faults
    except RewardCodeError as error:
        assert error.findings[0].rule == "too-slow"
    else:
        assert faults[0].type == "MemoryError"


@pytest.mark.parametrize(
    "body",
    [
        "return float(len(open('/etc/passwd').read()))",
        "return float(len(__import__('os').environ))",
        "return float(eval('1'))",
        "return float(len(np.load('x.npy')))",
        "return np.random.rand()",
        "print(state)\nreturn 0.0",
    ],
    ids=["open", "import", "eval", "load", "random", "print"],
)
def test_names_that_were_not_handed_out_are_missing(body: str) -> None:
    fault = run(body).faults[0]
    assert fault.type in ("NameError", "AttributeError")


@pytest.mark.parametrize(
    "action",
    [
        "os.open('canary', os.O_CREAT | os.O_WRONLY)",
        "sys.modules['io'].open('/etc/passwd')",
        "os.system('touch canary')",
        "os.fork()",
        "os.listdir('/')",
        "os.kill(os.getppid(), 0)",
        "sys.modules['builtins'].__import__('socket')",
        "sys.modules['builtins'].eval('1')",
    ],
)
def test_reaching_outside_ends_the_process(action: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    with pytest.raises(RewardCodeError) as error:
        run(MODULES + action.replace("canary", str(canary)) + "\nreturn 0.0")
    assert error.value.findings[0].rule == "sandbox"
    assert not canary.exists()


def test_environment_and_folder_are_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_API_KEY", "canary")
    assert os.environ["SECRET_API_KEY"] == "canary"
    results = run(MODULES + "return float(len(os.environ))")
    assert not results.faults
    np.testing.assert_array_equal(results.reward, 0.0)


def test_answer_is_not_trusted() -> None:
    write = MODULES + "sys.stdout.buffer.write(b'{\"faults\": 3}\\n')\nreturn 0.0"
    with pytest.raises(RewardCodeError) as error:
        run(write)
    assert error.value.findings[0].rule == "sandbox"
