"""From the failures of HTTP and of its libraries to outcomes.

The three SDKs use three HTTP libraries with the same vocabulary (requests, httpx, httpx2): failures
are told apart by the names of their classes, so that none of them has to be imported for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Protocol

from lamour_jax.lvlm.providers.outcomes import (
    BadRequest,
    BadResponse,
    Blocked,
    KeyRefused,
    LiveError,
    QuotaSpent,
    RateLimited,
    ServerFailure,
    TimedOut,
    Unreachable,
)
from lamour_jax.lvlm.providers.retries import retry_after_s

_BAD_KEY = re.compile(r"API_KEY_INVALID|API key not (valid|found)|API key expired", re.I)
_BLOCKED = re.compile(r"content_filter|content_policy_violation|flagged as potentially violating")
# A quota of the day or of nothing at all does not come back within a run.
_SPENT = re.compile(r"insufficient_quota|billing_not_active|PerDay|limit: 0\b")

_CONNECTING = {"ConnectTimeout", "ConnectError", "NewConnectionError", "ConnectionRefusedError"}
_SLOW = {"TimeoutException", "Timeout", "TimeoutError", "ReadTimeoutError"}
_BROKEN = {"TransportError", "ConnectionError", "ChunkedEncodingError", "ProtocolError"}


class Response(Protocol):
    """What the responses of the HTTP libraries have in common."""

    @property
    def status_code(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def text(self) -> str: ...


def outcome_of_response(response: Response) -> LiveError:
    """The outcome of a response that is an error."""
    return outcome_of_status(response.status_code, response.text, response.headers)


def outcome_of_status(status: int, body: str, headers: Mapping[str, str]) -> LiveError:
    """The outcome of an HTTP status other than success, with what the body says about it."""
    said = f"{_message(body)} (HTTP {status})".strip()
    if status in (401, 403) or (status == 400 and _BAD_KEY.search(body)):
        return KeyRefused(said)
    if status == 402 or (status == 429 and _SPENT.search(body)):
        return QuotaSpent(said)
    if status == 429:
        return RateLimited(said, retry_after_s=retry_after_s(headers, body))
    if status >= 500 or status in (408, 409, 425):
        return ServerFailure(said, retry_after_s=retry_after_s(headers, body))
    if status == 400 and _BLOCKED.search(body):
        return Blocked(said)
    if status >= 400:
        return BadRequest(said)
    return BadResponse(said)


def outcome_of_failure(error: BaseException) -> LiveError:
    """The outcome of an exception below HTTP, or of anything else that a library stumbled over."""
    # requests wraps what urllib3 met, twice over; the innermost knows best.
    names = {base.__name__ for part in _parts(error) for base in type(part).__mro__}
    said = f"{type(error).__name__}: {error}"
    if names & _CONNECTING:
        return Unreachable(said)
    if names & _SLOW:
        return TimedOut(said)
    if names & _BROKEN:
        return Unreachable(said, billed=True)
    return BadResponse(said)


def _parts(error: BaseException) -> list[BaseException]:
    """An exception and those that it was made from."""
    found: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting and len(found) < 10:
        part = waiting.pop()
        if isinstance(part, BaseException):
            found.append(part)
            waiting += [*part.args, getattr(part, "reason", None)]
    return found


def _message(body: str) -> str:
    """The human part of an error's body, in the shapes that servers give it."""
    try:
        content = json.loads(body)
    except ValueError:
        return body
    if isinstance(content, list) and content:
        content = content[0]
    if isinstance(content, dict):
        content = content.get("error") or content.get("detail") or content
    if isinstance(content, dict):
        content = content.get("message") or content
    return content if isinstance(content, str) else json.dumps(content)
