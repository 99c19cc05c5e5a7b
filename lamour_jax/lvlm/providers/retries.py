"""When to ask again: exponential backoff with full jitter, and what servers say about it."""

from __future__ import annotations

import email.utils
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

FIRST_S = 1.0
LONGEST_S = 30.0

_RETRY_DELAY = re.compile(r'"retryDelay"\s*:\s*"(\d+(?:\.\d+)?)s"')


def backoff_s(failures: int, chance: float, asked_s: float | None = None) -> float:
    """How long to wait.

    Args:
      failures: how many attempts have failed so far.
      chance: a random number from 0 to 1. The whole wait is random, so that many clients that
        failed together do not come back together.
      asked_s: what the server asked for; never less than this.
    """
    wait_s = chance * min(LONGEST_S, FIRST_S * 2.0 ** (failures - 1))
    return wait_s if asked_s is None else max(wait_s, asked_s)


def retry_after_s(
    headers: Mapping[str, str], body: str = "", now: datetime | None = None
) -> float | None:
    """How long a server asks to be left alone; None if it does not say.

    Args:
      headers: of the response, names in lower case or in a case-insensitive mapping.
      body: Google's servers say it there.
      now: for `Retry-After` with a date.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is not None:
        return seconds
    if value:
        try:
            moment = email.utils.parsedate_to_datetime(value)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
    delay = _RETRY_DELAY.search(body)
    return float(delay.group(1)) if delay else None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None
