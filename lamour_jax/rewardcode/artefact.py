"""Reward code on disk: the original, its translation and the verdict; and back to a program.

Loading executes nothing that a file says. The original is translated again, and the translation on
disk has to be the same: who edits a file, or the verdict with it, gets an error and no execution.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from .findings import RewardCodeError, fail_whole
from .program import JNP_FILE, RewardProgram, make_program
from .translate import hash_of, translate
from .verdict import Verdict

SOURCE_FILE = "reward.py"
VERDICT_FILE = "verdict.json"


def save_artefact(folder: Path, verdict: Verdict) -> None:
    """Write reward.py, verdict.json and, where there is a translation, reward_jnp.py."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SOURCE_FILE).write_text(verdict.source, encoding="utf-8")
    (folder / JNP_FILE).unlink(missing_ok=True)
    record = verdict.to_json()
    if verdict.jnp_source is not None:
        (folder / JNP_FILE).write_text(verdict.jnp_source, encoding="utf-8")
        record["jnp_sha256"] = hash_of(verdict.jnp_source)
    (folder / VERDICT_FILE).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def load_program(folder_or_py: Path) -> RewardProgram:
    """The program of an artefact: its folder, or reward.py or reward_jnp.py in it."""
    folder = folder_or_py if folder_or_py.is_dir() else folder_or_py.parent
    source = _read(folder / SOURCE_FILE)
    jnp_source = _read(folder / JNP_FILE)
    record = _read_verdict(folder / VERDICT_FILE)
    if not record["accepted"]:
        raise fail_whole("not-accepted", f"{folder} holds reward code that was refused", _REMEDY)
    if record["sha256"] != hash_of(source):
        raise _edited(folder / SOURCE_FILE)
    if record["jnp_sha256"] != hash_of(jnp_source):
        raise _edited(folder / JNP_FILE)
    state_size, action_size = int(record["state_size"]), int(record["action_size"])
    if translate(source, state_size, action_size).jnp_source != jnp_source:
        raise fail_whole(
            "other-translation", f"{folder / JNP_FILE} is not what this version translates "
            f"{SOURCE_FILE} to", _REMEDY,
        )  # fmt: skip
    return make_program(
        jnp_source,
        lowest_reward=float(record["lowest_reward"]),
        sha256=record["sha256"],
        state_size=state_size,
        action_size=action_size,
    )


_REMEDY = f"run `lamour check` on {SOURCE_FILE} again"


def _edited(path: Path) -> RewardCodeError:
    return fail_whole("edited", f"{path} was changed after it was verified", _REMEDY)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise fail_whole("no-artefact", f"{path} cannot be read: {error}", _REMEDY) from None


def _read_verdict(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(_read(path))
        complete = math.isfinite(float(record["lowest_reward"] or 0)) and record["jnp_sha256"]
    except (ValueError, TypeError, KeyError):
        complete = False
    if not complete:
        raise fail_whole("no-artefact", f"{path} is not a complete verdict", _REMEDY)
    return record
