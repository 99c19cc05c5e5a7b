"""Answers that ship with the project, so that everything works without a model or a key.

A recording is a folder, `recordings/<robot>/<number>/`, with a transcript and the very picture that
the model saw. Pictures differ in a few pixels from one graphics driver to the next, so the recorded
conversation always uses the recorded picture: nothing is rendered, and the hashes match on a
machine without OpenGL, too.
"""

from __future__ import annotations

import difflib
import logging
from pathlib import Path

from lamour_jax.lvlm.providers.base import Answer, NotRecorded, Question
from lamour_jax.lvlm.transcript import (
    IMAGE_FILE,
    TRANSCRIPT_FILE,
    Exchange,
    Transcript,
    TranscriptError,
    question_key,
    sha256,
)

TEXT_RECORDING = "text"  # in place of a number: what was answered to text alone
RECORDINGS = Path(__file__).resolve().parent.parent / "recordings"

_log = logging.getLogger(__name__)


def recordings(robot: str, root: Path = RECORDINGS) -> tuple[str, ...]:
    """The numbers of a robot's recordings, oldest first."""
    found = [p.parent.name for p in (root / robot).glob(f"[0-9]*/{TRANSCRIPT_FILE}")]
    return tuple(sorted(found, key=lambda number: (len(number), number)))


def has_text_recording(robot: str, root: Path = RECORDINGS) -> bool:
    """Whether an answer about a robot's task alone, without picture, is recorded."""
    return (root / robot / TEXT_RECORDING / TRANSCRIPT_FILE).exists()


class RecordedProvider:
    """Replays one recording; a question that is not in it is an error, never answered by a
    neighbour.

    Args:
      robot: whose recording.
      recording: its number, or `TEXT_RECORDING`; by default the first number.
      root: the folder of all recordings.

    Raises:
      NotRecorded: the robot has no such recording.
      TranscriptError: the recording is damaged.
    """

    name = "recorded"
    meter: None = None

    def __init__(self, robot: str, recording: str | None = None, root: Path = RECORDINGS) -> None:
        known = recordings(robot, root)
        texts = (TEXT_RECORDING,) if has_text_recording(robot, root) else ()
        if not known if recording is None else recording not in known + texts:
            which = (
                f"the recording {recording!r} of {robot!r}"
                if recording
                else f"any recording of {robot!r}"
            )
            there = f"there are {', '.join(known)}" if known else _robots_with_recordings(root)
            raise NotRecorded(f"cannot find {which}: {there}. {_ways_out(robot)}")
        self.recording = recording or known[0]
        folder = root / robot / self.recording
        self._robot = robot
        self._transcript = Transcript.load(folder / TRANSCRIPT_FILE)
        image = folder / IMAGE_FILE
        self.image = image.read_bytes() if image.exists() else None
        if self._transcript.pictures != ({sha256(self.image)} if self.image else set()):
            raise TranscriptError(f"{image} is not the picture that the transcript speaks of")
        self._answers = {exchange.key: exchange for exchange in self._transcript.exchanges}
        _log.info(self.notice)

    @property
    def notice(self) -> str:
        """One line for people: whose answers these are."""
        return (
            f"Recorded answers {self.recording} for {self._robot}: given by "
            f"{self._transcript.model} on {self._transcript.date} about the recorded "
            f"{'picture' if self.image else 'text'}; "
            "no model is asked and nothing is rendered."
        )

    def ask(self, question: Question) -> Answer:
        """The recorded answer to exactly this question.

        Raises:
          NotRecorded: it was not asked. The message says in what it differs from the recorded one.
        """
        image_sha256 = None if question.image_png is None else sha256(question.image_png)
        exchange = self._answers.get(question_key(question.stage, question.prompt, image_sha256))
        if exchange is None:
            difference = self._difference(question, image_sha256)
            raise NotRecorded(
                f"recording {self.recording} of {self._robot!r} has no answer to this question: "
                f"{difference} {_ways_out(self._robot)}"
            )
        return Answer(
            exchange.answer, self._transcript.model, self._transcript.date, exchange.usage
        )

    def _difference(self, question: Question, image_sha256: str | None) -> str:
        asked = [e for e in self._transcript.exchanges if e.stage == question.stage]
        if not asked:
            return f"nothing was asked at the stage {question.stage!r}."
        return " ".join(_differences(asked[-1], question.prompt, image_sha256))


def _differences(recorded: Exchange, prompt: str, image_sha256: str | None) -> list[str]:
    found = []
    if recorded.image_sha256 != image_sha256:
        found.append(
            f"The picture differs (recorded {_short(recorded.image_sha256)}, "
            f"now {_short(image_sha256)})."
        )
    if recorded.prompt != prompt:
        lines = difflib.unified_diff(
            recorded.prompt.splitlines(), prompt.splitlines(), "recorded", "now", n=0
        )
        changed = [
            line for line in lines if line[:1] in "+-" and not line.startswith(("+++", "---"))
        ]
        found.append("The prompt differs (- recorded, + now):\n" + "\n".join(changed[:8]) + "\n")
    return found


def _short(image_sha256: str | None) -> str:
    return "none" if image_sha256 is None else image_sha256[:12]


def _robots_with_recordings(root: Path) -> str:
    robots = sorted({p.parent.parent.name for p in root.glob(f"*/*/{TRANSCRIPT_FILE}")})
    return f"recordings exist for {', '.join(robots)}" if robots else "nothing is recorded"


def _ways_out(robot: str) -> str:
    return (
        f"Ask a model by hand, in any chat window: lamour generate --env {robot} --lvlm manual; "
        "or a live one, with a key (lamour generate --help lists the providers)."
    )
