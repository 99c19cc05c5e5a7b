"""Answers on disk, so that an interrupted conversation is not paid twice.

One file an answer, named by a hash of everything that the answer depends on. A file that was
damaged is passed over with a notice: the question is asked anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lamour_jax.files import write_json
from lamour_jax.lvlm.transcript import sha256

SCHEMA_VERSION = 1


class AnswerStore:
    """A folder of answers.

    Args:
      folder: made at the first answer.
      say: gets notices about files that cannot be read or written.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say

    def get(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """What was put for this very request; None if nothing was, or the file is damaged."""
        path = self.path(request)
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            answer = stored["answer"]
            intact = (
                stored["schema_version"] == SCHEMA_VERSION
                and stored["request"] == request
                and stored["answer_sha256"] == _hash(answer)
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            intact = False
        if not intact:
            self._say(f"the stored answer {path} is damaged: asking anew")
            return None
        return answer

    def put(self, request: dict[str, Any], answer: dict[str, Any]) -> None:
        """Keeps an answer. A disk that refuses it costs a notice, never the answer."""
        path = self.path(request)
        content = {
            "schema_version": SCHEMA_VERSION,
            "request": request,
            "answer": answer,
            "answer_sha256": _hash(answer),
        }
        try:
            write_json(path, content)
        except OSError as error:
            self._say(f"the answer could not be stored as {path}: {error}")

    def path(self, request: dict[str, Any]) -> Path:
        """Where the answer to a request is or would be."""
        return self._folder / f"{_hash(request)}.json"


def _hash(content: dict[str, Any]) -> str:
    return sha256(json.dumps(content, sort_keys=True))
