"""What a provider of answers is: something that takes a question and returns a model's answer to
it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from lamour_jax.errors import UserError

if TYPE_CHECKING:  # the meter's errors are a provider's, which are defined here
    from lamour_jax.lvlm.providers.meter import Meter


class ProviderError(UserError):
    """No answer could be had. Subclasses say why; the message says what to do about it."""


class UnknownProvider(ProviderError):
    """There is no provider of this name."""


class NotRecorded(ProviderError):
    """This question was never asked when the recording was made."""


class NoAnswer(ProviderError):
    """The answer did not come in time."""


class StaleAnswer(ProviderError):
    """A folder for answers given by hand holds one to another question."""


@dataclass(frozen=True)
class Question:
    """One question to a model: standing alone, without a conversation before it.

    Attributes:
      stage: which of the conversation's questions this is.
      prompt: the text.
      image_png: the picture that goes with it, as a PNG file's bytes, or None.
      temperature: of the model's sampling.
      sample: which of several answers to the same question this asks for.
    """

    stage: str
    prompt: str
    image_png: bytes | None = None
    temperature: float = 0.0
    sample: int = 0


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
      text: the answer, as it was given.
      model: who gave it.
      date: the day it was given (ISO).
      usage: tokens by kind, where the provider counts them.
      cost_usd: what the answer cost, in dollars; None where nobody can tell.
      replayed: the answer was given before and nothing was asked now.
    """

    text: str
    model: str
    date: str
    usage: dict[str, int] = field(default_factory=dict)
    cost_usd: float | None = None
    replayed: bool = False


class Provider(Protocol):
    """Answers questions.

    Attributes:
      name: as in `make_provider`.
      image: the only picture (PNG) that this provider knows answers about, or None if any will do.
      meter: counts tokens and dollars; None where answers cost nothing.
    """

    @property
    def name(self) -> str: ...

    @property
    def image(self) -> bytes | None: ...

    @property
    def meter(self) -> Meter | None: ...

    def ask(self, question: Question) -> Answer:
        """Answers `question`.

        Raises:
          ProviderError: there is no answer.
        """
        ...
