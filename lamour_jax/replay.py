"""A ring of transitions on the device.

Rows are transitions flattened to vectors: one gather fetches a whole batch, from contiguous
memory. Inserting writes rows at a running index; nothing is ever rolled.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import struct
from jax.flatten_util import ravel_pytree


class ReplayState(struct.PyTreeNode):
    """rows [C, D], `inserted` [] int32: how many rows were ever written (the next goes to
    inserted % C)."""

    rows: jax.Array
    inserted: jax.Array


class Replay(NamedTuple):
    """A ring as pure functions.

    Attributes:
      init: () -> ReplayState, empty.
      insert: (state, items [B, ...], valid [B] bool) -> state; invalid items are left out.
      sample: (state, key, shape) -> items [*shape, ...], uniformly with replacement. The ring
        must not be empty.
    """

    init: Callable[[], ReplayState]
    insert: Callable[[ReplayState, Any, jax.Array], ReplayState]
    sample: Callable[[ReplayState, jax.Array, tuple[int, ...]], Any]


def make_replay(example: Any, capacity: int) -> Replay:
    """A ring for items shaped like `example` (a pytree of float32 arrays, without batch axis)."""
    flat, unravel = ravel_pytree(example)

    def init() -> ReplayState:
        return ReplayState(jnp.zeros((capacity, flat.size)), jnp.zeros((), jnp.int32))

    def insert(state: ReplayState, items: Any, valid: jax.Array) -> ReplayState:
        rows = jax.vmap(lambda item: ravel_pytree(item)[0])(items)
        # A valid item goes behind the valid ones before it; an invalid one out of bounds.
        rank = jnp.cumsum(valid) - 1
        index = jnp.where(valid, (state.inserted + rank) % capacity, capacity)
        return ReplayState(
            rows=state.rows.at[index].set(rows, mode="drop"),
            inserted=_advance(state.inserted, jnp.sum(valid), capacity),
        )

    def sample(state: ReplayState, key: jax.Array, shape: tuple[int, ...]) -> Any:
        filled = jnp.minimum(state.inserted, capacity)
        index = jax.random.randint(key, shape, 0, filled)
        unravel_many = unravel
        for _ in shape:
            unravel_many = jax.vmap(unravel_many)
        return unravel_many(state.rows[index])

    return Replay(init, insert, sample)


def _advance(inserted: jax.Array, count: jax.Array, capacity: int) -> jax.Array:
    """The count of rows, wrapped so that it never overflows yet never looks unfilled again."""
    total = inserted + count
    return jnp.where(total >= 2 * capacity, total - capacity, total).astype(jnp.int32)
