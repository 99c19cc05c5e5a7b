"""Stage 1 of LaMOuR: three questions that lead from a picture to reward code.

Of the baseline Text2Reward it is the last question alone, about the robot's task.

Each question stands alone and carries the answer before it: what is wrong with the robot (from the
picture), which behavior would put it right, and which reward teaches that behavior. Everything
about the robot comes in as data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from importlib import resources
from string import Template
from typing import Any, NamedTuple

from lamour_jax.lvlm.providers.base import Answer, Provider, ProviderError, Question
from lamour_jax.lvlm.transcript import (
    BEHAVIOR_REASONING,
    CODE_GENERATION,
    OOD_DESCRIPTION,
    REPAIR,
    Exchange,
    Transcript,
    sha256,
)

TEMPERATURE = 0.0
MAX_REPAIRS = 3


@dataclass(frozen=True)
class RobotTask:
    """What the model is told about a robot and its work.

    Attributes:
      name: the robot's registered name.
      original_task: in words, such as "Run forward."
      description: the robot and its state and action vectors, entry by entry.
      image_notes: how to read the picture: the viewpoint and what the colors mean.
      example: reward code of another behavior to learn the style from, for robots that supply one.
    """

    name: str
    original_task: str
    description: str
    image_notes: str
    example: str | None = None


class Review(NamedTuple):
    """What checking an answer with reward code found.

    Attributes:
      accepted: the code can be used.
      complaint: what the model is told where it can not.
      record: the verdict, for the transcript.
    """

    accepted: bool
    complaint: str
    record: dict[str, Any]


class Candidate(NamedTuple):
    """One of several conversations that share their first two questions.

    Attributes:
      transcript: what was said, also where it ended early.
      error: why it ended early, else None.
    """

    transcript: Transcript
    error: ProviderError | None


Keep = Callable[[int, Transcript], None]


def run_conversation(provider: Provider, task: RobotTask, image: bytes | None = None) -> Transcript:
    """Asks the three questions in order, once.

    Args:
      provider: who answers.
      task: what the questions are about.
      image: the robot in its out-of-distribution state (PNG); by default the provider's own.

    Raises:
      ProviderError: a question got no answer.
      ValueError: there is no picture.
    """
    candidate = run_candidates(provider, task, image)[0]
    if candidate.error is not None:
        raise candidate.error
    return candidate.transcript


def run_candidates(
    provider: Provider,
    task: RobotTask,
    image: bytes | None = None,
    *,
    count: int = 1,
    review: Callable[[str], Review] | None = None,
    keep: Keep = lambda number, transcript: None,
    text_only: bool = False,
) -> list[Candidate]:
    """Asks the first two questions once and the third `count` times, at rising temperatures.

    Args:
      provider, task, image: as in `run_conversation`.
      count: how many programs to ask for.
      review: checks each program; what it complains of goes back to the model, at most
        `MAX_REPAIRS` times. Without it every answer is taken.
      keep: told (candidate's number from 1, its transcript so far) after every answer, so that
        nothing that was paid for is lost.
      text_only: ask the third question alone, without picture and behavior.

    Raises:
      ProviderError: one of the first two questions, or the only one, got no answer.
      ValueError: there is no picture.
    """
    opening = _Talk(provider, task.name, partial(keep, 1))
    question = text_prompt(task) if text_only else _reason(opening, task, image or provider.image)
    candidates: list[Candidate] = []
    for number in range(1, count + 1):
        talk = opening.fork(partial(keep, number))
        error = None
        try:
            _ask_for_code(talk, question, number, review)
        except ProviderError as failure:
            if not talk.answered:  # the first question already: there is nothing to keep
                if not candidates:
                    raise
                break
            error = failure
        candidates.append(Candidate(talk.transcript(), error))
    return candidates


def _reason(opening: _Talk, task: RobotTask, image: bytes | None) -> str:
    """Asks the first two questions; returns the third."""
    if image is None:
        raise ValueError(f"the provider brings no picture of the {task.name}: pass one")
    seen = opening.ask(OOD_DESCRIPTION, describe_prompt(task), image)
    return code_prompt(task, opening.ask(BEHAVIOR_REASONING, behavior_prompt(task, seen)))


def candidate_temperature(number: int) -> float:
    """The first candidate (number 1) is the model's best guess; later ones vary more and more."""
    return 0.0 if number == 1 else min(1.0, 0.2 + 0.2 * number)


def _ask_for_code(
    talk: _Talk, prompt: str, number: int, review: Callable[[str], Review] | None
) -> None:
    stage, question = CODE_GENERATION, prompt
    for repairs in range(1 + MAX_REPAIRS):
        # Warmer with each repair: a model that repeats its mistake would repeat it for ever.
        temperature = min(1.0, candidate_temperature(number) + 0.2 * repairs)
        answer = talk.ask(stage, question, temperature=temperature, sample=number - 1)
        if review is None:
            return
        verdict = review(answer)
        talk.add_verdict(verdict.record)
        if verdict.accepted:
            return
        stage, question = REPAIR, repair_prompt(prompt, answer, verdict.complaint)


def describe_prompt(task: RobotTask) -> str:
    """The first question: what does the picture show?"""
    return _fill("ood_description", robot=task.name, image_notes=task.image_notes)


def behavior_prompt(task: RobotTask, ood_description: str) -> str:
    """The second question: what has to be done?"""
    return _fill(
        "behavior_reasoning",
        robot=task.name,
        original_task=task.original_task,
        ood_description=ood_description.strip(),
    )


def code_prompt(task: RobotTask, behavior: str) -> str:
    """The third question: which reward teaches it?"""
    return _code_question(task, "recovery behavior", behavior.strip())


def text_prompt(task: RobotTask) -> str:
    """The third question about the robot's task itself: all that the baseline SAC-T2R asks, after
    Text2Reward (Xie et al., 2024, arXiv 2309.11489), in the same words."""
    return _code_question(task, "task", task.original_task)


def _code_question(task: RobotTask, kind: str, behavior: str) -> str:
    return _fill(
        "code_generation",
        robot=task.name,
        kind=kind,
        behavior=behavior,
        description=task.description,
        example=_fill("example", example=task.example) if task.example else "",
    )


def repair_prompt(question: str, answer: str, complaint: str) -> str:
    """The third question again, with an answer to it and what was wrong with that answer."""
    return _fill(
        "repair", question=question.strip(), answer=answer.strip(), complaint=complaint.strip()
    )


class _Talk:
    """A conversation under way: the provider and what was said so far."""

    def __init__(self, provider: Provider, robot: str, keep: Callable[[Transcript], None]) -> None:
        self._provider = provider
        self._robot = robot
        self._keep = keep
        self._exchanges: list[Exchange] = []
        self._last: Answer | None = None

    def fork(self, keep: Callable[[Transcript], None]) -> _Talk:
        """A conversation of its own that begins with what was said so far."""
        talk = _Talk(self._provider, self._robot, keep)
        talk._exchanges = list(self._exchanges)
        talk._last = self._last
        return talk

    def ask(
        self,
        stage: str,
        prompt: str,
        image: bytes | None = None,
        *,
        temperature: float = TEMPERATURE,
        sample: int = 0,
    ) -> str:
        answer = self._provider.ask(Question(stage, prompt, image, temperature, sample))
        self._exchanges.append(
            Exchange(
                stage=stage,
                prompt=prompt,
                image_sha256=None if image is None else sha256(image),
                answer=answer.text,
                usage=answer.usage,
                temperature=temperature,
                cost_usd=answer.cost_usd,
            )
        )
        self._last = answer
        self._keep(self.transcript())
        return answer.text

    def add_verdict(self, record: dict[str, Any]) -> None:
        """Notes what was found in the last answer."""
        self._exchanges[-1] = replace(self._exchanges[-1], verdict=record)
        self._keep(self.transcript())

    @property
    def answered(self) -> bool:
        """Whether there was an answer yet."""
        return self._last is not None

    def transcript(self) -> Transcript:
        assert self._last is not None
        return Transcript(
            robot=self._robot,
            provider=self._provider.name,
            model=self._last.model,
            date=self._last.date,
            parameters={"requested_temperature": self._exchanges[-1].temperature},
            exchanges=tuple(self._exchanges),
        )


def _fill(prompt: str, **values: str) -> str:
    text = (
        resources.files(__package__)
        .joinpath("prompts", f"{prompt}.txt")
        .read_text(encoding="utf-8")
    )
    return Template(text).substitute(values)
