"""Compiled programs, with what compiling took and what memory they need."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax

from lamour_jax.bench.timing import Rate, timed


@dataclass(frozen=True)
class Program:
    """A compiled function.

    Attributes:
      call: the function.
      out_info: shapes of what it returns.
      compile_seconds: tracing, lowering and compiling; None where the cache may have served.
      memory_bytes: arguments, results and temporaries while it runs, shared buffers counted once;
        None where the backend does not say.
      flops: floating-point operations by XLA's count, the body of a loop once; None as above.
    """

    call: Callable[..., Any]
    out_info: Any
    compile_seconds: float | None
    memory_bytes: int | None
    flops: float | None


def compile_program(
    name: str, function: Callable[..., Any], *arguments: Any, donate: tuple[int, ...] = ()
) -> Program:
    """Compiles `function` for `arguments` (or their shapes) and tells that it does.

    Args:
      name: for the person who waits.
      donate: positions of arguments whose memory the results take over.
    """
    print(f"  compiling {name} ...", flush=True)
    began = time.perf_counter()
    compiled = jax.jit(function, donate_argnums=donate).lower(*arguments).compile()
    seconds = time.perf_counter() - began
    settings = jax.config.values
    cached = settings["jax_enable_compilation_cache"] and settings["jax_compilation_cache_dir"]
    return Program(
        call=compiled,
        out_info=compiled.out_info,
        compile_seconds=None if cached else seconds,
        memory_bytes=_memory_bytes(compiled),
        flops=_flops(compiled),
    )


def stateless(program: Program, arguments: tuple[Any, ...], amount: float) -> Rate:
    """The rate of a program that begins with the same arguments at each call."""
    return timed(lambda: jax.block_until_ready(program.call(*arguments)), amount)


class Loop:
    """A program that goes on from its own last state, (state, *others) -> (state, results).

    Args:
      program: compiled, with its state donated.
      state: the first.
      others: the same at every call.
    """

    def __init__(self, program: Program, state: Any, *others: Any):
        self._program = program
        # Copied: the first call donates it, and its owner may go on with it.
        self._state = jax.tree.map(jax.numpy.copy, state)
        self._others = others

    def __call__(self) -> None:
        self._state, results = self._program.call(self._state, *self._others)
        jax.block_until_ready((self._state, results))

    def rate(self, amount: float) -> Rate:
        """The rate, if a call does `amount` units."""
        return timed(self, amount)


def _memory_bytes(compiled: Any) -> int | None:
    memory = compiled.memory_analysis()
    if memory is None:
        return None
    return (
        memory.argument_size_in_bytes
        + memory.output_size_in_bytes
        + memory.temp_size_in_bytes
        - memory.alias_size_in_bytes
    )


def _flops(compiled: Any) -> float | None:
    analysis = compiled.cost_analysis()
    return analysis.get("flops") if analysis else None
