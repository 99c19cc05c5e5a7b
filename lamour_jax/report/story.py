"""What a run's reward folder tells: the picture, the model's words, its code and the verdict."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamour_jax.lvlm.transcript import (
    BEHAVIOR_REASONING,
    CODE_GENERATION,
    IMAGE_FILE,
    OOD_DESCRIPTION,
    TRANSCRIPT_FILE,
    Transcript,
)
from lamour_jax.report.highlight import highlight

_QUESTIONS = {
    OOD_DESCRIPTION: "What does the picture show?",
    BEHAVIOR_REASONING: "What has to be done?",
    CODE_GENERATION: "Which reward teaches it?",
}


@dataclass(frozen=True)
class Turn:
    """One question to the model and its answer.

    Attributes:
      title: the question in short.
      prompt, answer: as they were put and given.
      is_code: the answer is a program, shown elsewhere.
    """

    title: str
    prompt: str
    answer: str
    is_code: bool


@dataclass(frozen=True)
class RewardStory:
    """Where a run's recovery reward comes from.

    Attributes:
      image: the PNG file that the model saw; None where nobody was asked.
      transcript: who answered what; None where nobody was asked.
      turns: the conversation, in order.
      source, program: the answered Python and the jnp made of it, as coloured HTML.
      verdict: the content of verdict.json; a run accepts no other than an accepted program.
    """

    image: bytes | None
    transcript: Transcript | None
    turns: list[Turn]
    source: str
    program: str
    verdict: dict[str, Any]


def read_story(folder: Path) -> RewardStory | None:
    """Reads a reward folder; None where there is none, as in a baseline's run.

    Raises:
      TranscriptError: the transcript was altered.
    """
    if not folder.is_dir():
        return None
    image, transcript_file = folder / IMAGE_FILE, folder / TRANSCRIPT_FILE
    transcript = Transcript.load(transcript_file) if transcript_file.exists() else None
    return RewardStory(
        image=image.read_bytes() if image.exists() else None,
        transcript=transcript,
        turns=[] if transcript is None else _turns(transcript),
        source=highlight((folder / "reward.py").read_text(encoding="utf-8")),
        program=highlight((folder / "reward_jnp.py").read_text(encoding="utf-8")),
        verdict=json.loads((folder / "verdict.json").read_text(encoding="utf-8")),
    )


def _turns(transcript: Transcript) -> list[Turn]:
    return [
        Turn(
            _QUESTIONS.get(exchange.stage, exchange.stage),
            exchange.prompt.strip(),
            exchange.answer.strip(),
            exchange.stage == CODE_GENERATION,
        )
        for exchange in transcript.exchanges
    ]
