"""The live display of training: one line on a terminal, a line per evaluation elsewhere."""

import sys
import time
from typing import Any

from tqdm import tqdm

from lamour_jax import hosts


class Progress:
    """A progress bar over gradient updates with speed, health and the last evaluation.

    Args:
      num_updates: where training ends.
      updates: where it begins (more than 0 when resumed).
    """

    def __init__(self, num_updates: int, updates: int):
        self._num_updates = num_updates
        self._updates = updates
        self._began_at: tuple[float, int | None] = (time.monotonic(), None)
        self._shown: dict[str, str] = {}
        self._live = sys.stderr.isatty() and hosts.leads()
        self._bar = tqdm(
            total=num_updates,
            initial=updates,
            unit="update",
            dynamic_ncols=True,
            disable=not self._live,
            bar_format="{percentage:3.0f}%|{bar:12}| {n_fmt}/{total_fmt} [{elapsed}<{remaining},"
            " {rate_fmt}{postfix}]",
        )

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *exc_info) -> None:
        self._bar.close()

    def epoch(self, updates: int, env_steps: int, numbers: dict[str, float]) -> None:
        """An epoch is over: move the bar."""
        now, (then, steps_before) = time.monotonic(), self._began_at
        if steps_before is None:
            self._began_at = (now, env_steps)
        else:
            rate = (env_steps - steps_before) / max(now - then, 1e-9)
            self._shown["steps/s"] = f"{rate:.0f}"
        self._shown["healthy"] = f"{numbers['recovery/healthy']:.0%}"
        self._bar.set_postfix(self._shown, refresh=False)
        self._bar.update(updates - self._updates)
        self._updates = updates

    def say(self, message: str) -> None:
        """Prints a line without spoiling the bar."""
        tqdm.write(message, file=sys.stderr)

    def evaluation(self, measures: dict[str, Any], leader: str = "") -> None:
        """An evaluation is there: show it; `leader` is the member of a population that it is of."""
        if leader:
            self._shown["leads"] = leader
        self._shown["return"] = f"{measures['return']:.0f}"
        self._shown["success"] = f"{measures['success_rate']:.0%}"
        if self._live:
            self._bar.set_postfix(self._shown)
        else:
            text = ", ".join(f"{name} {value}" for name, value in self._shown.items())
            print(f"update {self._updates} of {self._num_updates}: {text}", flush=True)
