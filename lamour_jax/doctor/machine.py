"""The machine: memory, the user's cache, the folder that runs go to, keys of live models."""

import os
import platform
import shutil
import tempfile
from pathlib import Path

from lamour_jax import host_memory
from lamour_jax.doctor.finding import FAIL, OK, WARN, Finding
from lamour_jax.files import cache_folder
from lamour_jax.lvlm.providers import LiveError
from lamour_jax.lvlm.providers.keys import find_key

_GB = 1e9
_SPARE = 2 * _GB  # of disk: replay in a checkpoint, old and new one side by side
_KEYS = {"--lvlm openai": ("OPENAI_API_KEY",), "--lvlm genai": ("GEMINI_API_KEY", "GOOGLE_API_KEY")}


def check_machine() -> Finding:
    """System, cores and memory."""
    if os.name != "posix":
        return Finding(
            FAIL,
            f"{platform.system()}: reward code is checked in a sandbox that needs POSIX",
            "use Linux or macOS; on Windows, WSL",
        )
    free = host_memory.available()
    memory = "" if free is None else f", {free / _GB:.1f} GB of memory free"
    return Finding(OK, f"{platform.platform(terse=True)}, {os.cpu_count()} cores{memory}")


def check_cache() -> Finding:
    """The user's cache: compiled programs, answers of live models."""
    folder = cache_folder("jit")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _try_writing(folder)
    except OSError as error:
        return Finding(
            WARN,
            f"{folder} cannot be written ({error.strerror}): every start compiles everything anew,"
            " and answers of live models are not kept",
            "set XDG_CACHE_HOME to a folder that can be written",
        )
    size = sum(file.stat().st_size for file in folder.parent.rglob("*") if file.is_file())
    return Finding(OK, f"{folder.parent}, {size / _GB:.2f} GB")


def check_output() -> Finding:
    """Where runs go unless `--out` says otherwise."""
    here = Path.cwd()
    try:
        _try_writing(here)
    except OSError as error:
        return Finding(
            FAIL,
            f"{here} cannot be written ({error.strerror})",
            "change to a folder that can, or give every command an --out",
        )
    free = shutil.disk_usage(here).free
    if free < _SPARE:
        return Finding(
            WARN, f"{free / _GB:.1f} GB of disk free in {here}", "free some: a run takes up to 2 GB"
        )
    return Finding(OK, f"runs go to {here / 'runs'}, {free / _GB:.0f} GB free")


def check_keys() -> Finding:
    """Whether there are keys for live models, by the names of their variables only."""
    parts, refused = [], False
    for provider, variables in _KEYS.items():
        try:
            key = find_key(*variables)
        except LiveError as error:
            parts.append(str(error))
            refused = True
            continue
        parts.append(f"{provider}: {f'key in {key.variable}' if key else 'no key'}")
    advice = "" if not refused else "set the variable anew"
    return Finding(WARN if refused else OK, "; ".join(parts), advice)


def _try_writing(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"lamour")
