"""Where episodes ended in a replay, so that more can be drawn of what came before.

A robot that runs well falls once in ten thousand steps. Of a batch drawn evenly hardly a
transition tells how that came about. Here the rows at which episodes ended by their rules are
remembered, and some of each batch are drawn from the last second before one. What a transition says
stays true however often it is drawn: only where critics and actor learn most changes (as with
prioritised replay: Schaul et al., 2016, arXiv 1511.05952, here without its weights).
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import struct

from lamour_jax.devices import deal
from lamour_jax.replay import ReplayState

SECONDS = 1.0  # before an ending
REMEMBERED = 1024  # endings, the latest ones, of all rings


class EndingsState(struct.PyTreeNode):
    """Of S rings the last E endings: their slots [S, E], when each was written [S, E] (vector
    steps), and how many [S] there ever were; int32."""

    slots: jax.Array
    times: jax.Array
    recorded: jax.Array


@dataclass(frozen=True)
class Endings:
    """As pure functions.

    Attributes:
      num_shards: S.
      size: slots of a ring.
      stride: rows that a vector step writes to a ring.
      lookback: control steps that are drawn from, the last one included.
    """

    num_shards: int
    size: int
    stride: int
    lookback: int

    def init(self) -> EndingsState:
        """None yet."""
        blank = jnp.zeros((self.num_shards, max(1, REMEMBERED // self.num_shards)), jnp.int32)
        return EndingsState(blank, blank, jnp.zeros(self.num_shards, jnp.int32))

    def record(
        self, state: EndingsState, slots: jax.Array, ended: jax.Array, time: jax.Array
    ) -> EndingsState:
        """Adds a vector step's: rows went to slots [S, R], of which `ended` [1, N] bool says where
        episodes ended."""

        def one_ring(state: EndingsState, slots: jax.Array, ended: jax.Array) -> EndingsState:
            count = len(state.slots)
            place = (state.recorded + jnp.cumsum(ended) - 1) % count
            place = jnp.where(ended, place, count)
            return EndingsState(
                slots=state.slots.at[place].set(slots, mode="drop"),
                times=state.times.at[place].set(time, mode="drop"),
                recorded=state.recorded + jnp.sum(ended, dtype=jnp.int32),
            )

        return jax.vmap(one_ring)(state, slots, deal(ended, self.num_shards))

    def draw(
        self,
        state: EndingsState,
        replay: ReplayState,
        key: jax.Array,
        shape: tuple[int, int],
        time: jax.Array,
    ) -> jax.Array:
        """Slots [S, U, B / S] of transitions from before endings that the rings still have, each
        ending and each step equally likely; of any transitions where there was no ending.

        Args:
          shape: (U, B).
          time: of the next vector step.
        """
        updates, batch = shape
        shape = (updates, batch // self.num_shards)
        lifetime = self.size // self.stride - self.lookback

        def one_ring(state: EndingsState, inserted: jax.Array, key: jax.Array) -> jax.Array:
            which_key, back_key, any_key = jax.random.split(key, 3)
            count = len(state.slots)
            known = (jnp.arange(count) < state.recorded) & (state.times > time - lifetime)
            alive = jnp.sum(known)  # the latest so many
            age = jax.random.randint(which_key, shape, 0, jnp.maximum(alive, 1))
            last = state.slots[(state.recorded - 1 - age) % count]
            back = jax.random.randint(back_key, shape, 0, self.lookback)
            row = last - back * self.stride
            around = jnp.where(inserted >= self.size, row + self.size, last)
            row = jnp.where(row < 0, around, row)
            anywhere = jax.random.randint(any_key, shape, 0, jnp.minimum(inserted, self.size))
            return jnp.where(alive > 0, row, anywhere)

        keys = jax.random.split(key, self.num_shards)
        return jax.vmap(one_ring)(state, replay.inserted, keys)
