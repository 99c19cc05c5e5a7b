"""Stage 1 of LaMOuR: three questions that lead from a picture to reward code.

Each question stands alone and carries the answer before it: what is wrong with the robot (from the
picture), which behavior would put it right, and which reward teaches that behavior. Everything
about the robot comes in as data.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from string import Template

from lamour_jax.lvlm.providers.base import Answer, Provider, Question
from lamour_jax.lvlm.transcript import (
    BEHAVIOR_REASONING,
    CODE_GENERATION,
    OOD_DESCRIPTION,
    Exchange,
    Transcript,
    sha256,
)

TEMPERATURE = 0.0


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


def run_conversation(provider: Provider, task: RobotTask, image: bytes | None = None) -> Transcript:
    """Asks the three questions in order.

    Args:
      provider: who answers.
      task: what the questions are about.
      image: the robot in its out-of-distribution state (PNG); by default the provider's own.

    Raises:
      ProviderError: a question got no answer.
      ValueError: there is no picture.
    """
    image = provider.image if image is None else image
    if image is None:
        raise ValueError(f"the provider {provider.name!r} brings no picture: pass one")
    talk = _Talk(provider)
    seen = talk.ask(OOD_DESCRIPTION, describe_prompt(task), image)
    behavior = talk.ask(BEHAVIOR_REASONING, behavior_prompt(task, seen))
    talk.ask(CODE_GENERATION, code_prompt(task, behavior))
    return talk.transcript(task.name)


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
    return _fill(
        "code_generation",
        robot=task.name,
        behavior=behavior.strip(),
        description=task.description,
        example=_fill("example", example=task.example) if task.example else "",
    )


class _Talk:
    """A conversation under way: the provider and what was said so far."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._exchanges: list[Exchange] = []
        self._last: Answer | None = None

    def ask(self, stage: str, prompt: str, image: bytes | None = None) -> str:
        answer = self._provider.ask(Question(stage, prompt, image, TEMPERATURE))
        image_sha256 = None if image is None else sha256(image)
        self._exchanges.append(Exchange(stage, prompt, image_sha256, answer.text, answer.usage))
        self._last = answer
        return answer.text

    def transcript(self, robot: str) -> Transcript:
        assert self._last is not None
        return Transcript(
            robot=robot,
            provider=self._provider.name,
            model=self._last.model,
            date=self._last.date,
            parameters={"requested_temperature": TEMPERATURE},
            exchanges=tuple(self._exchanges),
        )


def _fill(prompt: str, **values: str) -> str:
    text = (
        resources.files(__package__)
        .joinpath("prompts", f"{prompt}.txt")
        .read_text(encoding="utf-8")
    )
    return Template(text).substitute(values)
