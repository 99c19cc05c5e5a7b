"""A ring of transitions on the device, or one ring for every shard of the robots.

Rows are transitions flattened to vectors: one gather fetches a whole batch, from contiguous
memory. Inserting writes rows at a running index; nothing is ever rolled. A shard's robots write to
its own ring, which gives its own part of every batch: on a mesh no transition leaves its device.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import struct
from jax.flatten_util import ravel_pytree

from lamour_jax.devices import deal


class ReplayState(struct.PyTreeNode):
    """rows [S, C, D] of S rings, `inserted` [S] int32: how many rows were ever written (the next
    goes to inserted % C)."""

    rows: jax.Array
    inserted: jax.Array


class Replay(NamedTuple):
    """A ring as pure functions.

    Attributes:
      init: () -> ReplayState, empty.
      insert: (state, items [T, B, ...], valid [T, B] bool) -> state; invalid items are left out.
        Ring k takes the k-th of S equal parts of B.
      slots: (state, valid [T, B]) -> [S, T * B / S] slots that items would be written to; the
        capacity of a ring for invalid ones.
      sample: (state, key, (U, B)) -> items [U, B, ...], uniformly with replacement, the k-th part
        of B from ring k. No ring may be empty.
      fetch: (state, slots [S, U, B / S]) -> the items [U, B, ...] there.
    """

    init: Callable[[], ReplayState]
    insert: Callable[[ReplayState, Any, jax.Array], ReplayState]
    slots: Callable[[ReplayState, jax.Array], jax.Array]
    sample: Callable[[ReplayState, jax.Array, tuple[int, int]], Any]
    fetch: Callable[[ReplayState, jax.Array], Any]


def make_replay(example: Any, capacity: int, num_shards: int = 1) -> Replay:
    """Rings for items shaped like `example` (a pytree of float32 arrays, without batch axis).

    Args:
      capacity: rows of all rings.
      num_shards: S; it must divide `capacity` and every B.
    """
    flat, unravel = ravel_pytree(example)
    size = capacity // num_shards

    def init() -> ReplayState:
        return ReplayState(
            jnp.zeros((num_shards, size, flat.size)), jnp.zeros(num_shards, jnp.int32)
        )

    def insert(state: ReplayState, items: Any, valid: jax.Array) -> ReplayState:
        rows = jax.vmap(jax.vmap(lambda item: ravel_pytree(item)[0]))(items)
        return jax.vmap(write)(state, deal(rows, num_shards), deal(valid, num_shards))

    def places(inserted: jax.Array, valid: jax.Array) -> jax.Array:
        # A valid item goes behind the valid ones before it; an invalid one out of bounds.
        rank = jnp.cumsum(valid) - 1
        return jnp.where(valid, (inserted + rank) % size, size)

    def slots(state: ReplayState, valid: jax.Array) -> jax.Array:
        return jax.vmap(places)(state.inserted, deal(valid, num_shards))

    def write(ring: ReplayState, rows: jax.Array, valid: jax.Array) -> ReplayState:
        return ReplayState(
            rows=ring.rows.at[places(ring.inserted, valid)].set(rows, mode="drop"),
            inserted=_advance(ring.inserted, jnp.sum(valid), size),
        )

    def sample(state: ReplayState, key: jax.Array, shape: tuple[int, int]) -> Any:
        updates, batch = shape
        filled = jnp.minimum(state.inserted, size)[:, None, None]
        drawn = jax.random.randint(key, (num_shards, updates, batch // num_shards), 0, filled)
        return fetch(state, drawn)

    def fetch(state: ReplayState, slots: jax.Array) -> Any:
        drawn = jax.vmap(lambda ring, drawn: ring[drawn])(state.rows, slots)
        rows = jnp.swapaxes(drawn, 0, 1).reshape(slots.shape[1], -1, flat.size)
        return jax.vmap(jax.vmap(unravel))(rows)

    return Replay(init, insert, slots, sample, fetch)


def _advance(inserted: jax.Array, count: jax.Array, capacity: int) -> jax.Array:
    """The count of rows, wrapped so that it never overflows yet never looks unfilled again."""
    total = inserted + count
    return jnp.where(total >= 2 * capacity, total - capacity, total).astype(jnp.int32)
