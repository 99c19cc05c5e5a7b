"""What models cost, as their makers published it on the date below.

Prices change and models retire: this table is for estimates and for the limit on a run's cost, not
for bookkeeping. A model that is not in it has no known price; `ProviderSettings.price` gives one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

AS_OF = "2026-11"


@dataclass(frozen=True)
class Price:
    """Dollars for a million tokens.

    Attributes:
      input: of what is sent.
      output: of what comes back, thinking included.
      image_tokens: the most that one picture of ours is counted as.
    """

    input: float
    output: float
    image_tokens: int = 2000

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Dollars for so many tokens in and out."""
        return (prompt_tokens * self.input + completion_tokens * self.output) / 1e6


PRICES = {
    "gemini-2.5-flash": Price(0.30, 2.50),
    "gemini-2.5-flash-lite": Price(0.10, 0.40),
    "gemini-2.5-pro": Price(1.25, 10.00),
    "gemini-3.1-pro-preview": Price(2.00, 12.00),
    "gemini-3.5-flash": Price(1.50, 9.00),
    "gemini-3.5-flash-lite": Price(0.30, 2.50),
    "gemini-3.8-flash": Price(1.50, 7.50),  # half of it until the end of 2026
    "gpt-4.1": Price(2.00, 8.00),
    "gpt-4.1-mini": Price(0.40, 1.60),
    "gpt-4o": Price(2.50, 10.00),
    "gpt-4o-mini": Price(0.15, 0.60, image_tokens=30_000),  # counts pictures in larger numbers
    "gpt-5.6-luna": Price(0.20, 1.20),
    "gpt-5.6-sol": Price(4.00, 20.00),
    "gpt-5.6-terra": Price(2.00, 12.00),
    "gpt-6-astra": Price(10.00, 50.00),
    "gpt-6-luna": Price(0.10, 0.50),
    "gpt-6-sol": Price(2.00, 10.00),
    "gpt-6.1-sol": Price(2.00, 10.00),
    "gpt-6.1-terra": Price(1.00, 5.00),
}

# gpt-4o-2024-08-06, gemini-2.5-flash-001, gemini-2.5-flash-preview-05-20
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{3}|preview-\d{2}-\d{2,4})$")


def price_of(model: str) -> Price | None:
    """The published price of a model; a dated snapshot costs what the model costs.

    Returns None where it is not known: a cheaper relative with a similar name is no guide.
    """
    name = model.removeprefix("models/")
    return PRICES.get(name) or PRICES.get(_SNAPSHOT.sub("", name))
