"""The ring of transitions: what is written where, and what is drawn."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamour_jax.replay import make_replay


class Item(NamedTuple):
    number: jax.Array
    pair: jax.Array


EXAMPLE = Item(jnp.zeros(()), jnp.zeros(2))


def items(*numbers) -> Item:
    """Items [1, B] whose parts tell which number they belong to."""
    number = jnp.array([numbers], jnp.float32)
    return Item(number, jnp.stack([10 * number, -number], axis=-1))


def fill(replay, *batches):
    state, insert = replay.init(), jax.jit(replay.insert)
    for numbers, valid in batches:
        state = insert(state, items(*numbers), jnp.array([valid]))
    return state


def held(state) -> list[float]:
    """The numbers in the ring, by slot."""
    return np.asarray(state.rows[0, :, 0]).tolist()


def test_the_oldest_are_overwritten_in_order():
    replay = make_replay(EXAMPLE, 5)
    state = fill(replay, ([1, 2, 3], [True] * 3))
    assert held(state) == [1, 2, 3, 0, 0]
    state = replay.insert(state, items(4, 5, 6), jnp.ones((1, 3), bool))
    assert held(state) == [6, 2, 3, 4, 5]
    state = replay.insert(state, items(7, 8, 9), jnp.ones((1, 3), bool))
    assert held(state) == [6, 7, 8, 9, 5]


def test_invalid_items_leave_no_trace_and_no_gap():
    replay = make_replay(EXAMPLE, 6)
    state = fill(replay, ([1, np.nan, 3, np.inf], [True, False, True, False]), ([5], [True]))
    assert held(state) == [1, 3, 5, 0, 0, 0]
    assert int(state.inserted[0]) == 3
    state = replay.insert(state, items(np.nan, np.nan), jnp.zeros((1, 2), bool))
    assert held(state) == [1, 3, 5, 0, 0, 0]
    # Around the corner, too.
    state = replay.insert(state, items(6, np.nan, 7, 8, 9), jnp.array([[1, 0, 1, 1, 1]], bool))
    assert held(state) == [9, 3, 5, 6, 7, 8]


def test_only_filled_rows_are_drawn_and_evenly():
    replay = make_replay(EXAMPLE, 100)
    state = fill(replay, (range(1, 9), [True] * 8))
    drawn = np.asarray(replay.sample(state, jax.random.key(0), (80, 100)).number)
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == list(range(1, 9))
    # 8000 draws: 1000 each, with a standard deviation of 30.
    assert counts.min() > 880 and counts.max() < 1120


def test_a_full_ring_is_drawn_from_evenly_across_the_seam():
    replay = make_replay(EXAMPLE, 8)
    state = fill(replay, (range(1, 7), [True] * 6), (range(7, 12), [True] * 5))
    drawn = np.asarray(replay.sample(state, jax.random.key(0), (80, 100)).number)
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == list(range(4, 12))
    assert counts.min() > 880 and counts.max() < 1120


def test_items_come_back_whole_in_the_shape_asked_for():
    replay = make_replay(EXAMPLE, 8)
    state = fill(replay, (range(1, 9), [True] * 8))
    drawn = replay.sample(state, jax.random.key(0), (3, 4))
    assert drawn.number.shape == (3, 4) and drawn.pair.shape == (3, 4, 2)
    np.testing.assert_array_equal(drawn.pair[..., 0], 10 * drawn.number)
    np.testing.assert_array_equal(drawn.pair[..., 1], -drawn.number)


def test_the_count_never_overflows_and_never_looks_unfilled():
    replay = make_replay(EXAMPLE, 4)
    state, insert = replay.init(), jax.jit(replay.insert)
    for start in range(1, 40, 3):
        state = insert(state, items(start, start + 1, start + 2), jnp.ones((1, 3), bool))
        newest = set(range(max(1, start - 1), start + 3))
        assert newest <= set(held(state))
        assert int(state.inserted[0]) < 2 * 4
        if start > 1:
            assert int(state.inserted[0]) >= 4


@pytest.mark.parametrize("seed", [0, 1])
def test_other_keys_draw_otherwise(seed):
    replay = make_replay(EXAMPLE, 64)
    state = fill(replay, (range(1, 65), [True] * 64))
    one, other = (replay.sample(state, jax.random.key(seed + i), (4, 8)).number for i in (0, 7))
    assert not np.array_equal(one, other)
