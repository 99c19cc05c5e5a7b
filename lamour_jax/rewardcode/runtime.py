"""What translated reward code calls besides jnp: Python's own rules, for values that JAX traces.

jnp differs from Python where it matters: `jnp.maximum` passes NaN on while `max` keeps whichever
came first, and `jnp.where` takes arrays only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp


def python_max(*values: Any) -> jax.Array:
    """`max(a, b, ...)` or `max(items)`: the first of the largest, NaN compared as Python does."""
    first, *rest = values if len(values) > 1 else values[0]
    for value in rest:
        first = jnp.where(value > first, value, first)
    return jnp.asarray(first)


def python_min(*values: Any) -> jax.Array:
    """`min(a, b, ...)` or `min(items)`: the first of the smallest."""
    first, *rest = values if len(values) > 1 else values[0]
    for value in rest:
        first = jnp.where(value < first, value, first)
    return jnp.asarray(first)


def python_and(first: Any, second: Any) -> jax.Array:
    """`first and second` where they are numbers: one of the two."""
    return jnp.where(jnp.asarray(first) != 0, second, first)


def python_or(first: Any, second: Any) -> jax.Array:
    """`first or second` where they are numbers: one of the two."""
    return jnp.where(jnp.asarray(first) != 0, first, second)


def any_of(items: Sequence[Any]) -> jax.Array:
    """`any(items)` of a list."""
    return jnp.any(jnp.stack([jnp.asarray(item) != 0 for item in items]))


def all_of(items: Sequence[Any]) -> jax.Array:
    """`all(items)` of a list."""
    return jnp.all(jnp.stack([jnp.asarray(item) != 0 for item in items]))


def as_int(value: Any) -> jax.Array:
    """`int(value)`: towards zero; True is 1."""
    return jnp.trunc(jnp.asarray(value)).astype(int)


def heaviside(x: Any, at_zero: Any) -> jax.Array:
    """`np.heaviside`: NaN stays NaN."""
    return jnp.where(jnp.isnan(x), x, jnp.heaviside(x, at_zero))


def select(condition: jax.Array, chosen: Any, other: Any) -> Any:
    """`chosen if condition else other` for tuples, lists and dicts of numbers.

    Dicts keep the keys that both have: the translator has made sure that no other one is used.
    """
    if isinstance(chosen, dict):
        return {key: select(condition, chosen[key], other[key]) for key in chosen if key in other}
    if isinstance(chosen, list | tuple):
        return type(chosen)(select(condition, a, b) for a, b in zip(chosen, other, strict=True))
    if chosen is None or isinstance(chosen, str) or callable(chosen):
        return chosen  # the same on both sides
    if isinstance(chosen, int | float) and isinstance(other, int | float) and chosen == other:
        return chosen  # known while tracing, and still so
    return jnp.where(condition, chosen, other)
