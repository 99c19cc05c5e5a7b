"""Runs NumPy reward code on many states, in a process of its own that `sandbox.py` starts.

Stands alone: the standard library and NumPy only. Reads one request from stdin, then gives up
everything it does not need (files, memory, time, the interpreter's doors) before the first line of
reward code runs, and writes one answer to stdout.

Request: a JSON line, the marshalled code, states [B, D] and actions [B, A] as float64.
Answer: a JSON line, then is_recovered and calculate_reward as float64 [2, B].
"""

from __future__ import annotations

import contextlib
import json
import marshal
import math
import os
import resource
import sys
import warnings
from collections.abc import Callable
from types import CodeType, FrameType, SimpleNamespace
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy: threads take address space
sys.modules["ctypes"] = None  # type: ignore[assignment]  # NumPy does without; it writes anywhere
import numpy as np  # noqa: E402

os.environ.clear()

SOURCE_NAME = "reward.py"
MAX_FAULTS = 8
MAX_WATCHED = 256  # states on which the terms of the reward are watched
# What NumPy itself does on the way; any other audited event ends the process.
HARMLESS_EVENTS = frozenset(("sys._getframe", "sys.setprofile", "object.__getattr__"))
# What reaches beyond the process, or brings a module back, without an audited event.
UNAUDITED = {
    "posix": (
        "mkfifo", "mknod", "chroot", "nice", "setpriority", "sched_setaffinity", "sched_setparam",
        "sched_setscheduler",
    ),
    "time": ("clock_settime", "clock_settime_ns"),
    "_imp": ("create_builtin", "create_dynamic"),
}  # fmt: skip


def main() -> None:
    """Read the request, lock the process down, evaluate, answer, leave."""
    request = json.loads(sys.stdin.buffer.readline())
    code = marshal.loads(sys.stdin.buffer.read(request["code_bytes"]))
    states = _read_array(request["states"])
    actions = _read_array(request["actions"])
    namespace = _namespace(request)
    np.seterr(all="ignore")
    _warm_up(request["methods"])
    _lock_down(request)
    answer, values = _evaluate(code, namespace, states, actions)
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + values.tobytes())
    sys.stdout.buffer.flush()
    os._exit(0)


def _read_array(shape: list[int]) -> np.ndarray:
    content = sys.stdin.buffer.read(8 * math.prod(shape))
    return np.frombuffer(content, np.float64).reshape(shape)


def _namespace(request: dict[str, Any]) -> dict[str, Any]:
    """The only names that reward code can reach."""
    modules = {
        "numpy": _proxy(np, request["numpy"]),
        "math": _proxy(math, request["math"]),
    }
    builtin = __builtins__ if isinstance(__builtins__, dict) else vars(__builtins__)
    namespace: dict[str, Any] = {
        "__builtins__": {name: builtin[name] for name in request["builtins"]},
        "__name__": "reward",
    }
    for name, path in request["bindings"].items():
        module, *parts = path.split(".")
        target: Any = modules[module]
        for part in parts:
            target = getattr(target, part)
        namespace[name] = target
    return namespace


def _proxy(module: Any, names: list[str]) -> SimpleNamespace:
    """A stand-in for a module that holds the allowed names and nothing else."""
    proxy = SimpleNamespace()
    for name in names:
        *parents, last = name.split(".")
        source, place = module, proxy
        for parent in parents:
            source = getattr(source, parent)
            if not hasattr(place, parent):
                setattr(place, parent, SimpleNamespace())
            place = getattr(place, parent)
        setattr(place, last, getattr(source, last))
    return proxy


def _warm_up(methods: list[str]) -> None:
    """NumPy imports parts of itself when they are first used, which is barred later on."""
    warnings.simplefilter("ignore")  # to show one, Python would open the source file
    np.median(np.ones(1))
    for name in methods:
        # Some want arguments, but what they import is there by then.
        with contextlib.suppress(TypeError, ValueError):
            getattr(np.ones(1), name)()


def _lock_down(request: dict[str, Any]) -> None:
    """Nothing is opened, started or imported from here on, and time and memory are bounded."""
    for limit, value in (
        (resource.RLIMIT_CPU, request["cpu_seconds"]),
        (resource.RLIMIT_AS, request["memory_bytes"]),
        (resource.RLIMIT_FSIZE, request["answer_bytes"]),
        (resource.RLIMIT_NOFILE, 3),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    _take_away_unaudited()

    # The hook looks up nothing that code outside of it could bind anew.
    harmless, leave, entered = HARMLESS_EVENTS, os._exit, list[str]()

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event == "exec" and not entered:
            entered.append(event)  # our own `exec` of the checked code
        elif event not in harmless:
            leave(86)

    sys.addaudithook(refuse)  # it can never be taken off again


def _take_away_unaudited() -> None:
    for owner, names in UNAUDITED.items():
        # os holds posix's functions a second time, and in sets such as os.supports_fd.
        for module in (owner, "os") if owner == "posix" else (owner,):
            for name in names:
                vars(sys.modules[module]).pop(name, None)
    for name, value in vars(os).items():
        if name.startswith("supports_") and isinstance(value, set):
            value.clear()


def _evaluate(
    code: CodeType, namespace: dict[str, Any], states: np.ndarray, actions: np.ndarray
) -> tuple[dict[str, Any], np.ndarray]:
    """Both functions on every state; every call gets copies, so that none can change another's."""
    faults: list[dict[str, Any]] = []
    values = np.full((2, len(states)), np.nan)
    try:
        exec(code, namespace)
    except Exception as error:
        faults.append(_fault("module", -1, error))
        return {"faults": faults, "terms": {}}, values
    terms = _Terms(namespace["calculate_reward"])
    for index, (state, action) in enumerate(zip(states, actions, strict=True)):
        terms.watch(index < MAX_WATCHED)
        for row, name, arguments in (
            (0, "is_recovered", (state,)),
            (1, "calculate_reward", (state, action)),
        ):
            try:
                copies = [argument.copy() for argument in arguments]
                values[row, index] = _number(namespace[name](*copies))
            except Exception as error:
                faults.append(_fault(name, index, error))
        if len(faults) >= MAX_FAULTS:
            break
    terms.watch(False)
    return {"faults": faults, "terms": terms.ranges}, values


def _number(result: Any) -> float:
    """One real number, whatever it is wrapped in."""
    if isinstance(result, bool | int | float):
        return float(result)
    if isinstance(result, np.ndarray | np.generic):
        if result.size != 1 or result.dtype.kind not in "biuf":
            raise TypeError(f"the result has shape {result.shape} and dtype {result.dtype}")
        return float(result.reshape(()))
    raise TypeError(f"the result is a {type(result).__name__}, not a number")


def _fault(function: str, index: int, error: Exception) -> dict[str, Any]:
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == SOURCE_NAME:
            line = trace.tb_lineno
        trace = trace.tb_next
    return {
        "function": function,
        "index": index,
        "type": type(error).__name__,
        "message": str(error)[:500],
        "line": line,
    }


class _Terms:
    """The range of every number that calculate_reward holds when it returns."""

    def __init__(self, function: Callable[..., Any]):
        self.code = function.__code__
        self.ranges: dict[str, list[float]] = {}

    def watch(self, on: bool) -> None:
        """Start or stop looking."""
        sys.setprofile(self._look if on else None)

    def _look(self, frame: FrameType, event: str, argument: object) -> None:
        if event != "return" or frame.f_code is not self.code:
            return
        for name, value in frame.f_locals.items():
            if isinstance(value, float | np.floating):
                low, high = self.ranges.get(name, [math.inf, -math.inf])
                self.ranges[name] = [min(low, float(value)), max(high, float(value))]


if __name__ == "__main__":
    main()
