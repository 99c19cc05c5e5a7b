"""What can become of a question to a live model, apart from an answer.

Each outcome is an error with a name of its own that says what happened and what to do, and how
often it is worth asking again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from lamour_jax.lvlm.providers.base import ProviderError

MAX_ATTEMPTS = 5
_LONGEST_DETAIL = 400

_Outcome = TypeVar("_Outcome", bound="LiveError")


class LiveError(ProviderError):
    """A live model gave no usable answer.

    Args:
      detail: what the server or its library said.
      retry_after_s: how long the server wants to be left alone, in seconds.
      usage: the tokens that it counted all the same.
      billed: the attempt may have been paid for; by default what is usual for this outcome.

    Attributes:
      happened: what went wrong, in a few words.
      advice: what to do about it.
      attempts: how many attempts may end like this before it is reported; 1 is no second one.
    """

    happened: ClassVar[str] = "no answer"
    advice: ClassVar[str] = ""
    attempts: ClassVar[int] = 1
    usually_billed: ClassVar[bool] = False

    def __init__(
        self,
        detail: str = "",
        *,
        retry_after_s: float | None = None,
        usage: dict[str, int] | None = None,
        billed: bool | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.usage = usage or {}
        self.billed = self.usually_billed if billed is None else billed
        self.asked = ""
        self.note = ""

    @property
    def worth_retrying(self) -> bool:
        """Whether the same question may well be answered a little later."""
        return self.attempts > 1

    def __str__(self) -> str:
        asked = f"{self.asked}: " if self.asked else ""
        detail = f": {self.detail.rstrip('. ')}" if self.detail else ""
        note = f" ({self.note})" if self.note else ""
        advice = f" {self.advice}" if self.advice else ""
        return f"{asked}{self.happened}{detail}{note}.{advice}"

    def retold(self: _Outcome, scrub: Callable[[str], str], asked: str, note: str = "") -> _Outcome:
        """The same outcome for people: scrubbed, shortened, and cut off from the exceptions of the
        library, whose texts and variables hold the key.

        Args:
          scrub: takes secrets out of a text.
          asked: who was asked.
          note: such as the number of attempts.
        """
        detail = " ".join(scrub(self.detail).split())
        if len(detail) > _LONGEST_DETAIL:
            detail = detail[:_LONGEST_DETAIL] + " ..."
        fresh = type(self)(
            detail, retry_after_s=self.retry_after_s, usage=self.usage, billed=self.billed
        )
        fresh.asked = asked
        fresh.note = note
        return fresh


class BadSettings(LiveError):
    """The provider cannot be made like this."""

    happened = "unusable setting"


class SdkMissing(LiveError):
    """The library that speaks to the server is not installed."""

    happened = "a library is missing"


class KeyMissing(LiveError):
    """There is no key in the environment."""

    happened = "no key"
    advice = (
        "Keys are read from the environment only. Without one: --lvlm recorded replays answers, "
        "--lvlm manual asks in any chat window."
    )


class KeyRefused(LiveError):
    """The server does not accept the key."""

    happened = "the key was refused"
    advice = "Check the key, what it may be used for, and whether it belongs to this server."


class Blocked(LiveError):
    """The model or its guard declined to answer."""

    happened = "the answer was blocked"
    advice = "Rephrase the robot's description or ask another model (--model)."
    usually_billed = True


class EmptyAnswer(LiveError):
    """The model ended without a word."""

    happened = "the answer was empty"
    advice = "Ask again or ask another model (--model)."
    attempts = 2
    usually_billed = True


class CutOff(LiveError):
    """The answer ran into the limit on its length."""

    happened = "the answer was cut off"
    advice = "Allow more output tokens (thinking counts, too) or ask another model (--model)."
    usually_billed = True


class TimedOut(LiveError):
    """There was no complete answer in time."""

    happened = "no answer in time"
    advice = "Try later, allow more time, or ask a faster model (--model)."
    attempts = 2
    usually_billed = True


class RateLimited(LiveError):
    """Too many questions in too short a time."""

    happened = "rate limited"
    advice = "Wait a minute and start again; answers that came are stored."
    attempts = MAX_ATTEMPTS


class QuotaSpent(RateLimited):
    """The account's allowance is used up, or does not cover the model: waiting will not help."""

    happened = "the quota is used up"
    advice = "Check the account's plan and billing, or ask another model (--model)."
    attempts = 1


class ServerFailure(LiveError):
    """The server failed (5xx)."""

    happened = "the server failed"
    advice = "Try later or ask another model (--model)."
    attempts = MAX_ATTEMPTS


class Unreachable(LiveError):
    """No connection, or it broke."""

    happened = "the server cannot be reached"
    advice = "Check the network, the proxy settings and the base URL; is a local server running?"
    attempts = 3


class BadResponse(LiveError):
    """What came back is not in the format of such a server."""

    happened = "the response makes no sense"
    advice = "Check the base URL; try later."
    attempts = 3
    usually_billed = True


class BadRequest(LiveError):
    """The server does not take the question."""

    happened = "the request was refused"
    advice = "Check the model's name (--model), the base URL, and whether the model sees pictures."


class CostLimit(LiveError):
    """The question might cost more than is left of the limit; it was not asked."""

    happened = "the cost limit is reached"
    advice = "Nothing was sent. Raise the limit or ask a cheaper model (--model)."


class PriceUnknown(LiveError):
    """There is a limit on the cost, and nobody knows what the model costs; it was not asked."""

    happened = "the price is unknown"
    advice = "Nothing was sent. Give the price or lift the limit."
