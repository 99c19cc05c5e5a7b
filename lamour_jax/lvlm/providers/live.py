"""What all live models share: one deadline a question, retries, the meter.

A provider's own module builds a request, sends it once and names the outcome; everything else is
here, once.
"""

from __future__ import annotations

import datetime
import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from lamour_jax.lvlm.providers.base import Answer, Question
from lamour_jax.lvlm.providers.keys import Key
from lamour_jax.lvlm.providers.meter import Meter
from lamour_jax.lvlm.providers.outcomes import (
    MAX_ATTEMPTS,
    BadRequest,
    BadResponse,
    KeyRefused,
    LiveError,
    TimedOut,
)
from lamour_jax.lvlm.providers.retries import backoff_s
from lamour_jax.lvlm.providers.settings import tell

# Of the deadline: the longest that one attempt may take, so that a hung one leaves time for
# another, and the shortest that is worth starting.
_LONGEST_ATTEMPT = 2 / 3
_SHORTEST_ATTEMPT = 0.05


@dataclass(frozen=True)
class Request:
    """What a provider's module sends; a temperature of None is the model's own."""

    model: str
    prompt: str
    image_png: bytes | None
    temperature: float | None
    max_output_tokens: int
    timeout_s: float


@dataclass(frozen=True)
class Reply:
    """What came back: the text as it was given, who gave it (None if the server does not say), and
    the tokens."""

    text: str
    model: str | None = None
    usage: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Clock:
    """Time and chance, to be replaced in tests."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


class LiveProvider:
    """Asks a live model.

    Args:
      name: as in `make_provider`.
      model: the model to ask.
      send: sends a request once; it returns a reply or raises a `LiveError`. It is called on a
        thread of its own, which is left behind when the deadline passes.
      key: the secret that must not appear in any message.
      base_url: the server, for the identity of answers.
      timeout_s: for one question, all attempts together.
      max_output_tokens: of one answer.
      meter: counts, and limits the cost.
      say: gets a line whenever a person has to wait.
      slow_s: what counts as waiting, in seconds.
      clock: time and chance.
    """

    image: bytes | None = None

    def __init__(
        self,
        name: str,
        model: str,
        send: Callable[[Request], Reply],
        *,
        key: Key,
        base_url: str = "",
        timeout_s: float = 120.0,
        max_output_tokens: int = 8192,
        meter: Meter | None = None,
        say: Callable[[str], None] = tell,
        slow_s: float = 2.0,
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self.model = model
        self.meter = meter or Meter()
        self._send = send
        self._key = key
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._max_output_tokens = max_output_tokens
        self._say = say
        self._slow_s = slow_s
        self._clock = clock or Clock()

    @property
    def identity(self) -> dict[str, str | int]:
        """What an answer depends on besides the question."""
        return {
            "provider": self.name,
            "model": self.model,
            "base_url": self._base_url,
            "max_output_tokens": self._max_output_tokens,
        }

    def ask(self, question: Question) -> Answer:
        """The model's answer.

        Raises:
          LiveError: there is none; its class and its message say why.
        """
        request = Request(
            self.model,
            question.prompt,
            question.image_png,
            question.temperature,
            self._max_output_tokens,
            self._timeout_s,
        )
        deadline = self._clock.now() + self._timeout_s
        failures: Counter[type[LiveError]] = Counter()
        while True:
            outcome = self._attempt(request, deadline - self._clock.now())
            if isinstance(outcome, Answer):
                return outcome
            if _dislikes_temperature(outcome, request):
                self._say(f"{self.model} takes no temperature: asking without")
                request = replace(request, temperature=None)
                continue
            failures[type(outcome)] += 1
            wait_s = backoff_s(failures.total(), self._clock.chance(), outcome.retry_after_s)
            left_s = deadline - self._clock.now() - wait_s
            final = self._why_final(outcome, request, failures, left_s)
            if final is not None:
                note = self._key.origin if isinstance(outcome, KeyRefused) else final
                raise outcome.retold(self._key.scrub, self._asked, note=note)
            self._announce(outcome, failures.total() + 1, wait_s)
            self._clock.sleep(wait_s)

    @property
    def _asked(self) -> str:
        return f"{self.name}, {self.model}"

    def _attempt(self, request: Request, left_s: float) -> Answer | LiveError:
        """One request: an answer, or why there is none."""
        limit_s = max(0.01, min(left_s, self._timeout_s * _LONGEST_ATTEMPT))
        held = self._reserve(request)
        if isinstance(held, LiveError):
            return held
        outcome = _call_within(
            limit_s,
            self._send,
            replace(request, timeout_s=limit_s),
            slow_s=self._slow_s,
            on_slow=lambda: self._say(f"asking {self.model} ... (up to {left_s:.0f} s)"),
        )
        if isinstance(outcome, LiveError):
            self.meter.settle(
                held, self.model, outcome.usage, answered=False, billed=outcome.billed
            )
            return outcome.retold(self._key.scrub, self._asked)
        model = self._key.remove(outcome.model or self.model)
        cost = self.meter.settle(held, model, outcome.usage, asked=self.model, answered=True)
        text = self._key.remove(outcome.text)
        return Answer(text, model, datetime.date.today().isoformat(), outcome.usage, cost)

    def _reserve(self, request: Request) -> float | LiveError:
        pictures = int(request.image_png is not None)
        try:
            return self.meter.reserve(
                self.model, request.prompt, pictures, request.max_output_tokens
            )
        except LiveError as refusal:
            return refusal

    def _why_final(
        self,
        outcome: LiveError,
        request: Request,
        failures: Counter[type[LiveError]],
        left_s: float,
    ) -> str | None:
        """Why it ends here, as a note for the message; None if it is worth another attempt.

        Args:
          left_s: of the deadline, after the wait that is due.
        """
        tried = failures.total()
        attempts = f"{tried} attempts" if tried > 1 else ""
        if failures[type(outcome)] >= outcome.attempts or tried >= MAX_ATTEMPTS:
            return attempts
        attempts = attempts or "1 attempt"
        if left_s < _SHORTEST_ATTEMPT * self._timeout_s:
            wish = outcome.retry_after_s
            reason = f"the server asks for {wish:.0f} s of patience" if wish else "no time for more"
            return f"{attempts}; {reason} within {self._timeout_s:g} s"
        held = self._reserve(request)
        if isinstance(held, LiveError):
            return f"{attempts}; not asked again, since {held.happened}"
        self.meter.release(held)
        return None

    def _announce(self, outcome: LiveError, attempt: int, wait_s: float) -> None:
        if wait_s > self._slow_s:
            self._say(
                f"asking {self.model} ... attempt {attempt} of {MAX_ATTEMPTS} in {wait_s:.0f} s "
                f"({outcome.happened})"
            )


def _dislikes_temperature(outcome: LiveError, request: Request) -> bool:
    """Some models that think have a temperature of their own and refuse any other."""
    return (
        isinstance(outcome, BadRequest)
        and request.temperature is not None
        and "temperature" in outcome.detail.lower()
    )


def _call_within(
    limit_s: float,
    send: Callable[[Request], Reply],
    request: Request,
    *,
    slow_s: float,
    on_slow: Callable[[], None],
) -> Reply | LiveError:
    """Calls `send` on a thread of its own and waits no longer than `limit_s`.

    A time limit inside an HTTP library counts from byte to byte: a server that drips keeps it
    waiting for ever. Exceptions come back as values, without the frames that they were raised in.
    """
    inbox: queue.SimpleQueue[Reply | LiveError] = queue.SimpleQueue()

    def work() -> None:
        try:
            inbox.put(send(request))
        except LiveError as error:
            inbox.put(error)
        except BaseException as error:
            inbox.put(BadResponse(f"{type(error).__name__}: {error}"))

    threading.Thread(target=work, daemon=True, name=f"asking {request.model}").start()
    try:
        return inbox.get(timeout=min(slow_s, limit_s))
    except queue.Empty:
        pass
    if slow_s < limit_s:
        on_slow()
        try:
            return inbox.get(timeout=limit_s - slow_s)
        except queue.Empty:
            pass
    return TimedOut(f"nothing complete within {limit_s:.3g} s")
