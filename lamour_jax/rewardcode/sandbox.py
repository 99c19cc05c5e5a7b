"""Runs the NumPy original in a spawned process that has nothing to give away.

The code has passed the allow-list by then; this is the second fence. The child gets no environment
variables, an empty folder to stand in, limits on time, memory and output, and no way to open
anything. Whatever it does, it is gone when `run_original` returns.
"""

from __future__ import annotations

import ast
import contextlib
import json
import marshal
import os
import signal
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import tables
from .findings import fail_whole

WALL_SECONDS = 30.0
CPU_SECONDS = 10
MEMORY_BYTES = 1 << 30
_HEADER_BYTES = 1 << 16
_CHILD = Path(__file__).with_name("sandbox_child.py")


@dataclass(frozen=True)
class Fault:
    """An exception that the original raised; `index` is the state's, -1 for the module itself."""

    function: str
    index: int
    type: str
    message: str
    line: int


@dataclass(frozen=True)
class OriginalResults:
    """What the NumPy original computed: values [B], NaN where it raised or never came to."""

    recovered: np.ndarray
    reward: np.ndarray
    faults: tuple[Fault, ...]
    terms: dict[str, tuple[float, float]]  # variables of calculate_reward: lowest and highest value


def run_original(
    tree: ast.Module,
    bindings: dict[str, str],
    states: np.ndarray,
    actions: np.ndarray,
    *,
    wall_seconds: float = WALL_SECONDS,
    cpu_seconds: int = CPU_SECONDS,
    memory_bytes: int = MEMORY_BYTES,
) -> OriginalResults:
    """Evaluate a normalised, allow-listed program on states [B, D] and actions [B, A]."""
    with warnings.catch_warnings(action="ignore"):  # such as `1 is 1`: the findings say more
        code = marshal.dumps(compile(tree, "reward.py", "exec"))
    answer_bytes = 2 * 8 * len(states) + _HEADER_BYTES
    request = {
        "code_bytes": len(code),
        "states": states.shape,
        "actions": actions.shape,
        "bindings": bindings,
        "numpy": sorted(
            {*tables.NUMPY_FUNCTIONS, *tables.CASTS, *tables.NUMPY_CONSTANTS, *tables.NUMPY_TYPES}
        ),
        "math": sorted({*tables.MATH_FUNCTIONS, *tables.MATH_CONSTANTS}),
        "methods": tables.ARRAY_METHODS,
        "builtins": [*tables.BUILTINS, *tables.EXCEPTIONS],
        "cpu_seconds": cpu_seconds,
        "memory_bytes": memory_bytes,
        "answer_bytes": answer_bytes,
    }
    content = b"".join(
        (
            json.dumps(request).encode() + b"\n",
            code,
            np.ascontiguousarray(states, np.float64).tobytes(),
            np.ascontiguousarray(actions, np.float64).tobytes(),
        )
    )
    return _parse(_run_child(content, wall_seconds, answer_bytes), len(states))


def _run_child(content: bytes, wall_seconds: float, answer_bytes: int) -> bytes:
    """Start the child on a request and give back its answer, however it ends."""
    with tempfile.TemporaryDirectory(prefix="reward-") as folder, tempfile.TemporaryFile() as said:
        with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as complaint:
            asked.write(content)
            asked.seek(0)
            process = subprocess.Popen(
                [sys.executable, "-I", "-B", str(_CHILD)],
                stdin=asked,
                stdout=said,
                stderr=complaint,
                env={},
                cwd=folder,
                start_new_session=True,
            )
            try:
                status = process.wait(wall_seconds)
            except subprocess.TimeoutExpired:
                raise fail_whole(
                    "too-slow", f"no result within {wall_seconds:g} s", "leave loops out"
                ) from None
            finally:
                _kill_group(process)
            complaint.seek(0)
            _check_status(status, complaint.read(4096).decode("utf-8", "replace"))
        said.seek(0)
        return said.read(answer_bytes)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _check_status(status: int, complaint: str) -> None:
    if status == 0:
        return
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        raise fail_whole("too-slow", "the processor time allowed was used up", "leave loops out")
    if status == 86:
        raise fail_whole("sandbox", "the code reached for something outside the sandbox")
    last = complaint.strip().splitlines()[-1:] or [f"status {status}"]
    raise fail_whole("sandbox", f"the process that runs the code ended early: {last[0]}")


def _parse(answer: bytes, count: int) -> OriginalResults:
    """Read the answer, which counts as untrusted: numbers and JSON only."""
    header, _, values = answer.partition(b"\n")
    try:
        fields: dict[str, Any] = json.loads(header)
        recovered, reward = np.frombuffer(values, np.float64).reshape(2, count)
        faults = tuple(_parse_fault(fault, count) for fault in fields["faults"])
        terms = {
            str(name): (float(low), float(high)) for name, (low, high) in fields["terms"].items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise fail_whole(
            "sandbox", "the process that runs the code gave no proper answer"
        ) from None
    return OriginalResults(recovered, reward, faults, terms)


def _parse_fault(fields: dict[str, Any], count: int) -> Fault:
    index, line = int(fields["index"]), int(fields["line"])
    if not -1 <= index < count:
        raise ValueError("no such state")
    function, kind, message = (str(fields[name]) for name in ("function", "type", "message"))
    clean = message.encode("utf-8", "backslashreplace").decode("utf-8")  # half a surrogate pair
    return Fault(function, index, kind, clean, line)
