"""The child's side of the protocol."""

import os
import sys
from collections.abc import Callable, Iterator


class Requests:
    """What the bench asks for: iterate to get the seconds of each measurement.

    Takes standard output for the answers; whatever libraries print goes to standard error.
    """

    def __init__(self) -> None:
        self._answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def ready(self) -> None:
        """The warm-up is over."""
        self._say("ready")

    def answer(self, rate: float) -> None:
        """Units per second."""
        self._say(repr(float(rate)))

    def __iter__(self) -> Iterator[float]:
        return map(float, iter(sys.stdin.readline, ""))

    def serve(self, rate: Callable[[float], float]) -> None:
        """Answers until nobody asks any more."""
        self.ready()
        for seconds in self:
            self.answer(rate(seconds))

    def _say(self, line: str) -> None:
        print(line, file=self._answers, flush=True)
