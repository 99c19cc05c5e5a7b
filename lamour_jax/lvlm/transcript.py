"""The record of a conversation: every question as it was put, every answer as it was given.

A transcript is one JSON file. Prompts, pictures and answers are hashed, so that a reader can tell
whether an answer belongs to the question that it stands beside; a file in which they no longer
match is refused.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lamour_jax.errors import UserError
from lamour_jax.files import write_atomically

SCHEMA_VERSION = 1
TRANSCRIPT_FILE = "transcript.json"
IMAGE_FILE = "image.png"

OOD_DESCRIPTION = "ood_description"
BEHAVIOR_REASONING = "behavior_reasoning"
CODE_GENERATION = "code_generation"
REPAIR = "repair"  # the code question again, with what was wrong with the answer


class TranscriptError(UserError):
    """A transcript cannot be used: malformed, altered, or without the answer asked for."""


def sha256(content: str | bytes) -> str:
    """The hexadecimal SHA-256 of bytes, or of a text in UTF-8."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()


def question_key(stage: str, prompt: str, image_sha256: str | None) -> str:
    """What identifies a question, whoever answers it: its stage, its words and its picture."""
    return sha256("\0".join([stage, sha256(prompt), image_sha256 or "no image"]))


@dataclass(frozen=True)
class Exchange:
    """One question and its answer.

    Attributes:
      stage, prompt: the question.
      image_sha256: of the picture that went along, or None.
      answer: as it was given.
      usage: tokens by kind, where the provider counts them.
      temperature: that was asked for.
      cost_usd: of the answer, in dollars, where known.
      verdict: what checking the answered code found (`Verdict.to_json`); None for other answers.
    """

    stage: str
    prompt: str
    image_sha256: str | None
    answer: str
    usage: dict[str, int] = field(default_factory=dict)
    temperature: float = 0.0
    cost_usd: float | None = None
    verdict: dict[str, Any] | None = None

    @property
    def key(self) -> str:
        """The question's `question_key`."""
        return question_key(self.stage, self.prompt, self.image_sha256)


@dataclass(frozen=True)
class Transcript:
    """A whole conversation about one robot.

    Attributes:
      robot: its registered name.
      provider: who was asked ("manual", "recorded", ...).
      model: who answered.
      date: the day of the last answer (ISO).
      parameters: what was asked of the model's sampling, such as its temperature.
      exchanges: in the order in which they took place.
    """

    robot: str
    provider: str
    model: str
    date: str
    parameters: dict[str, Any]
    exchanges: tuple[Exchange, ...]

    def answer(self, *stages: str) -> str:
        """The last answer at one of `stages`.

        Raises:
          TranscriptError: there is none.
        """
        for exchange in reversed(self.exchanges):
            if exchange.stage in stages:
                return exchange.answer
        raise TranscriptError(f"the transcript has no answer at the stage {stages[0]!r}")

    @property
    def pictures(self) -> set[str]:
        """The SHA-256 of the pictures that questions showed: none, or one."""
        return {e.image_sha256 for e in self.exchanges if e.image_sha256 is not None}

    @property
    def has_code(self) -> bool:
        """Whether reward code was answered."""
        return any(exchange.stage in (CODE_GENERATION, REPAIR) for exchange in self.exchanges)

    @property
    def answer_code(self) -> str:
        """The model's last answer with reward code, prose and fences included.

        Raises:
          TranscriptError: there is none.
        """
        return self.answer(CODE_GENERATION, REPAIR)

    @property
    def cost_usd(self) -> float | None:
        """What the conversation cost, in dollars; None where an answer's cost is not known."""
        costs = [exchange.cost_usd for exchange in self.exchanges]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None

    def to_json(self) -> str:
        """The file's text."""
        content = {"schema_version": SCHEMA_VERSION, **asdict(self)}
        for exchange in content["exchanges"]:
            exchange["prompt_sha256"] = sha256(exchange["prompt"])
            exchange["answer_sha256"] = sha256(exchange["answer"])
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Transcript:
        """Reads a file's text back.

        Raises:
          TranscriptError: it is no transcript of this schema, or a text no longer matches its hash.
        """
        try:
            content = json.loads(text)
            version = content.pop("schema_version")
            if version != SCHEMA_VERSION:
                raise TranscriptError(
                    f"schema version {version}, this program reads {SCHEMA_VERSION}"
                )
            exchanges = tuple(_read_exchange(item) for item in content.pop("exchanges"))
            return cls(**content, exchanges=exchanges)
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise TranscriptError(f"not a transcript: {error!r}") from error

    def save(self, path: Path) -> None:
        """Writes the transcript to a file."""
        write_atomically(path, self.to_json().encode())

    @classmethod
    def load(cls, path: Path) -> Transcript:
        """Reads a file.

        Raises:
          TranscriptError: as `from_json`, with the file named.
          OSError: the file cannot be read.
        """
        try:
            return cls.from_json(path.read_text(encoding="utf-8"))
        except TranscriptError as error:
            raise TranscriptError(f"{path}: {error}") from error

    def save_recording(self, folder: Path, image_png: bytes | None) -> None:
        """Writes a recording that `RecordedProvider` can replay: this transcript and its picture.

        Args:
          folder: made if need be; an older recording in it is not overwritten.
          image_png: the picture that the questions were about; None where they showed none.

        Raises:
          TranscriptError: the picture is not the one of the questions.
          FileExistsError: the folder holds a recording.
        """
        if self.pictures != ({sha256(image_png)} if image_png else set()):
            raise TranscriptError(
                "the picture to be saved is not the one that the questions showed"
            )
        if (folder / TRANSCRIPT_FILE).exists():
            raise FileExistsError(f"{folder} holds a recording: choose the next number")
        if image_png is not None:
            write_atomically(folder / IMAGE_FILE, image_png)
        self.save(folder / TRANSCRIPT_FILE)


def _read_exchange(item: dict[str, Any]) -> Exchange:
    item = dict(item)
    for name in ("prompt", "answer"):
        if item.pop(f"{name}_sha256") != sha256(item[name]):
            raise TranscriptError(
                f"the {name} at the stage {item['stage']!r} was altered: its hash does not match"
            )
    return Exchange(**item)
