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
      function: to be compiled once, for one device and for arguments of one shape.
    """

    def __init__(self, name: str, function: Callable[..., Any]):
        self._name = name
        self._jitted = jax.jit(function)
        self._compiled: Callable[..., Any] | None = None

    def compile(self, *arguments: Any) -> None:
        """Compiles it for arguments like these, arrays or their shapes, if that is still to do."""
        if self._compiled is None:
            print(f"compiling {self._name} ...", flush=True)
            with watch_compilation() as compilation:
                self._compiled = self._jitted.lower(*arguments).compile()
            print(f"  compiled in {compilation}", flush=True)

    def __call__(self, *arguments: Any) -> Any:
        """The function's results, on the first device, wherever the arguments are."""
        arguments = jax.device_get(arguments)
        self.compile(*arguments)
        assert self._compiled is not None
        return self._compiled(*arguments)
