"""Rates measured in turns, so that whatever else the machine does falls on all alike."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

REPEATS = 5
LONG_ENOUGH = 0.05  # seconds of work that launching it does not count beside

Rate = Callable[[float], float]  # works for about so many seconds -> units per second


@dataclass(frozen=True)
class Sample:
    """Rates of one contender, in the order of the turns (units per second)."""

    rates: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.rates)

    @property
    def low(self) -> float:
        return min(self.rates)

    @property
    def high(self) -> float:
        return max(self.rates)

    def ratio_to(self, other: "Sample") -> float:
        """The median of the turns' own ratios: a slow minute slows both sides of a turn."""
        return statistics.median(a / b for a, b in zip(self.rates, other.rates, strict=True))


def timed(call: Callable[[], object], amount: float) -> Rate:
    """The rate of a call that returns when its work of `amount` units is done."""

    def rate(seconds: float) -> float:
        calls, began = 0, time.perf_counter()
        while True:
            call()
            calls += 1
            elapsed = time.perf_counter() - began
            if elapsed >= seconds:
                return amount * calls / elapsed

    return rate


def repeats_for(call: Callable[[int], object], seconds: float = LONG_ENOUGH) -> int:
    """How often `call` has to repeat its work, a power of two, to take `seconds`."""
    count = 1
    call(count)
    while True:
        began = time.perf_counter()
        call(count)
        if time.perf_counter() - began >= seconds:
            return count
        count *= 2


def in_turns(
    contenders: Mapping[str, Rate], budget: float, repeats: int = REPEATS
) -> dict[str, Sample]:
    """Measures all contenders, one after the other, `repeats` times over.

    Args:
      contenders: by name. Each is called once before the clock counts.
      budget: seconds for each contender in all.
    """
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for rate in contenders.values():
        rate(0.0)
    for _ in range(repeats):
        for name, rate in contenders.items():
            rates[name].append(rate(budget / repeats))
    return {name: Sample(tuple(values)) for name, values in rates.items()}
