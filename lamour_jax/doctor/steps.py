"""Steps in a child process, told to the parent as they are made: any may hang or crash.

A child's module has `main`, which gives its steps to `make`; the parent calls `run_steps`.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_MARK = "lamour-doctor "  # of the lines that are meant for the parent: libraries print, too
_MAX_QUOTED = 400  # characters of what a child said of its end


@dataclass(frozen=True)
class Report:
    """What a child came to.

    Attributes:
      results: of each step that was made, by name.
      step: at which it stopped; empty where all were made.
      failure: why, in words.
    """

    results: dict[str, Any] = field(default_factory=dict)
    step: str = ""
    failure: str = ""


def make(steps: dict[str, Callable[[], Any]]) -> None:
    """In the child: makes the steps in order, up to the first that fails.

    Args:
      steps: by name; each returns something that JSON can hold.
    """
    for name, step in steps.items():
        _tell(begin=name)
        try:
            result = step()
        except BaseException as error:  # whatever an import or a plug-in comes up with
            said = str(error).strip() or "without a word"
            _tell(failure=f"{type(error).__name__}: {said}"[:_MAX_QUOTED])
            return
        _tell(result=result)
    _tell(end=True)


def run_steps(module: str, limit: float) -> Report:
    """In the parent: runs `main` of a module in a process of its own.

    Args:
      module: where the steps are.
      limit: seconds; what takes longer is stopped.
    """
    # The parent's own search path, and nothing of the folder that it happens to be started in.
    search_path = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-P", "-c", f"import {module} as child; child.main()"]
    try:
        child = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": search_path, "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        return _read(error.stdout, f"did not end within {limit:.0f} s")
    return _read(child.stdout, _ending(child.returncode, child.stderr))


def _tell(**message: Any) -> None:
    print(_MARK + json.dumps(message), flush=True)


def _read(output: bytes | None, ending: str) -> Report:
    results: dict[str, Any] = {}
    step = "start"
    for line in (output or b"").decode(errors="replace").splitlines():
        if not line.startswith(_MARK):
            continue
        message = json.loads(line.removeprefix(_MARK))
        if "end" in message:
            return Report(results)
        if "failure" in message:
            return Report(results, step, message["failure"])
        if "result" in message:
            results[step] = message["result"]
        step = message.get("begin", step)
    return Report(results, step, ending)


def _ending(code: int, errors: bytes) -> str:
    if code < 0:
        return f"crashed ({signal.Signals(-code).name})"
    lines = errors.decode(errors="replace").strip().splitlines()
    return f"ended with exit code {code}: {lines[-1] if lines else 'no word'}"[:_MAX_QUOTED]
