"""Watches what JAX compiles: how long it takes, and what comes out of the compilation cache."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jax

_REQUESTS = "/jax/compilation_cache/compile_requests_use_cache"
_HITS = "/jax/compilation_cache/cache_hits"
_events: Counter[str] = Counter()
jax.monitoring.register_event_listener(lambda event, **_: _events.update([event]))


@dataclass
class Compilation:
    """What was compiled: wall clock in seconds, programs that the cache was asked for (none where
    it is off), and those that it had."""

    seconds: float = 0.0
    requests: int = 0
    hits: int = 0

    def __str__(self) -> str:
        cached = (
            f", {self.hits} of {self.requests} programs from the cache" if self.requests else ""
        )
        return f"{self.seconds:.1f} s{cached}"


@contextmanager
def watch_compilation() -> Iterator[Compilation]:
    """Fills in the record that it yields when its block ends."""
    record, before, began = Compilation(), _events.copy(), time.monotonic()
    try:
        yield record
    finally:
        record.seconds = time.monotonic() - began
        if jax.config.values["jax_compilation_cache_dir"]:  # asked for in any case, had by none
            record.requests = _events[_REQUESTS] - before[_REQUESTS]
        record.hits = _events[_HITS] - before[_HITS]


class Announced:
    """A function that says so before it is compiled, and afterwards what that took.

    Args:
      name: for the person who waits.
      function: to be compiled for one device, once for each structure of its arguments.
    """

    def __init__(self, name: str, function: Callable[..., Any]):
        self._name = name
        self._jitted = jax.jit(function)
        self._compiled: dict[Any, Callable[..., Any]] = {}

    def compile(self, *arguments: Any) -> Callable[..., Any]:
        """Compiles it for arguments like these, arrays or their shapes, if that is still to do."""
        structure = jax.tree.structure(arguments)
        if structure not in self._compiled:
            print(f"compiling {self._name} ...", flush=True)
            with watch_compilation() as compilation:
                self._compiled[structure] = self._jitted.lower(*arguments).compile()
            print(f"  compiled in {compilation}", flush=True)
        return self._compiled[structure]

    def __call__(self, *arguments: Any) -> Any:
        """The function's results, on the first device, wherever the arguments are."""
        arguments = jax.device_get(arguments)
        return self.compile(*arguments)(*arguments)
