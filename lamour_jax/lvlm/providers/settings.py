"""What providers are made from."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lamour_jax.lvlm.providers.outcomes import BadSettings

FEWEST_OUTPUT_TOKENS = 4096


def tell(message: str) -> None:
    """Says something to the person at the terminal, beside the command's results."""
    print(message, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class ProviderSettings:
    """What providers are made from; each takes what it needs.

    Attributes:
      robot: whom the questions are about.
      model: the model to ask, where there is a choice.
      folder: where a conversation by hand keeps its files.
      recording: which of the robot's recordings; None is the first.
      base_url: the server of a live model; None is the maker's own.
      timeout_s: how long a live answer may take, all attempts together, in seconds.
      max_output_tokens: how long a live answer may be; thinking counts, too.
      max_cost: dollars that live answers may cost together; None is no limit.
      price: dollars for a million tokens in and out, for models whose price is not known here.
      answers: a folder where live answers are kept and found again; None is none.
      say: gets progress and notices of live models; by default they go to standard error.
    """

    robot: str
    model: str | None = None
    folder: Path = Path("runs/manual")
    recording: str | None = None
    base_url: str | None = None
    timeout_s: float = 120.0
    max_output_tokens: int = 8192
    max_cost: float | None = None
    price: tuple[float, float] | None = None
    answers: Path | None = None
    say: Callable[[str], None] = tell


def check_live(settings: ProviderSettings) -> None:
    """Refuses what no live provider can work with.

    Raises:
      BadSettings: a number is out of range.
    """
    if not (math.isfinite(settings.timeout_s) and settings.timeout_s > 0):
        raise BadSettings(f"timeout_s is {settings.timeout_s:g}: a positive number of seconds")
    if settings.max_output_tokens < FEWEST_OUTPUT_TOKENS:
        raise BadSettings(
            f"max_output_tokens is {settings.max_output_tokens}: at least {FEWEST_OUTPUT_TOKENS}, "
            "since models that think spend most of them before the first word"
        )
    if settings.max_cost is not None and not settings.max_cost >= 0:
        raise BadSettings(f"max_cost is {settings.max_cost:g}: dollars, 0 or more")
    if settings.price is not None and not all(part >= 0 for part in settings.price):
        raise BadSettings(f"price is {settings.price}: dollars for a million tokens, 0 or more")
