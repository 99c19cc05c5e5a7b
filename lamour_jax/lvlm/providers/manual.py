"""Questions and answers as files, for people who have a chat window and no key; recordings are made
this way, too.

Each question becomes `question_<n>_<stage>.txt` in a folder, the picture `image.png`; the answer is
awaited in `answer_<n>.txt`. A run that was interrupted goes on where it stopped: answers that are
there to the very same questions are taken.
"""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lamour_jax.lvlm.providers.base import Answer, NoAnswer, Question, StaleAnswer
from lamour_jax.lvlm.transcript import IMAGE_FILE


def _tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


class ManualProvider:
    """Asks a person, who asks a model.

    Args:
      folder: where questions are written and answers awaited; made if need be.
      model: whom the person is going to ask, for the record.
      date: the day for the record (ISO); by default today.
      timeout_s: how long to wait for each answer, in seconds; by default for ever.
      poll_s: time between two looks at the folder; an answer counts once two looks in a row see the
        same text.
      tell: gets the instructions to the person; by default they go to standard error.
    """

    name = "manual"
    image: bytes | None = None
    meter: None = None

    def __init__(
        self,
        folder: Path,
        model: str,
        *,
        date: str | None = None,
        timeout_s: float | None = None,
        poll_s: float = 0.5,
        tell: Callable[[str], None] = _tell,
    ) -> None:
        self._folder = folder
        self._model = model
        self._date = date
        self._timeout_s = timeout_s
        self._poll_s = poll_s
        self._tell = tell
        self._asked = 0

    def ask(self, question: Question) -> Answer:
        """Writes the question down and waits for its answer.

        Raises:
          StaleAnswer: the folder holds the answer to another question of this number.
          NoAnswer: none came within `timeout_s`.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._asked += 1
        question_file = self._folder / f"question_{self._asked}_{question.stage}.txt"
        answer_file = self._folder / f"answer_{self._asked}.txt"
        self._refuse_stale(question, question_file, answer_file)
        question_file.write_text(question.prompt, encoding="utf-8")
        if question.image_png is not None:
            (self._folder / IMAGE_FILE).write_bytes(question.image_png)
        self._tell(self._instructions(question, question_file, answer_file))
        text = self._wait(answer_file)
        date = self._date or datetime.date.today().isoformat()
        return Answer(text, self._model, date)

    def _refuse_stale(self, question: Question, question_file: Path, answer_file: Path) -> None:
        if not answer_file.exists():
            return
        same_text = (
            question_file.exists() and question_file.read_text(encoding="utf-8") == question.prompt
        )
        image_file = self._folder / IMAGE_FILE
        same_image = question.image_png is None or (
            image_file.exists() and image_file.read_bytes() == question.image_png
        )
        if not (same_text and same_image):
            raise StaleAnswer(
                f"{answer_file} answers another question: delete it or choose an empty folder"
            )

    def _instructions(self, question: Question, question_file: Path, answer_file: Path) -> str:
        picture = (
            f" together with the picture {self._folder / IMAGE_FILE}"
            if question.image_png is not None
            else ""
        )
        return (
            f"Question {self._asked} ({question.stage}): start a new chat with {self._model}, "
            f"paste the text of {question_file}{picture}, at temperature {question.temperature:g} "
            f"if you can set it, and save the whole answer, unchanged, as {answer_file}. Waiting."
        )

    def _wait(self, answer_file: Path) -> str:
        deadline = None if self._timeout_s is None else time.monotonic() + self._timeout_s
        before = None
        while True:
            text = _read(answer_file)
            if text and text == before:
                return text
            before = text
            if deadline is not None and time.monotonic() > deadline:
                raise NoAnswer(f"no answer in {answer_file} within {self._timeout_s:g} s")
            time.sleep(self._poll_s)


def _read(path: Path) -> str | None:
    """The file's text; None while it is missing, blank or half-written (a character cut in two)."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    return text if text.strip() else None
