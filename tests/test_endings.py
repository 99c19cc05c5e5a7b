"""Endings in a replay: which rows are drawn, and that they are those before a fall."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from envs.wrappers import VectorEnv
from lamour_jax.agents.sac import agent
from lamour_jax.config import SACConfig
from lamour_jax.endings import Endings
from lamour_jax.recovery import make_rule
from lamour_jax.replay import make_replay
from tests.scripted import Scripted, program


class Item(NamedTuple):
    robot: jax.Array
    time: jax.Array


ROBOTS, LOOKBACK = 4, 3


def run(num_steps: int, falls: set[tuple[int, int]], capacity: int, shards: int = 1):
    """Endings and replay after so many vector steps, of which `falls` (time, robot) were some's
    last."""
    replay = make_replay(Item(jnp.zeros(()), jnp.zeros(())), capacity, shards)
    endings = Endings(shards, capacity // shards, ROBOTS // shards, LOOKBACK)
    stored, known = replay.init(), endings.init()
    record, insert = jax.jit(endings.record), jax.jit(replay.insert)
    for time in range(num_steps):
        items = Item(jnp.arange(ROBOTS, dtype=jnp.float32)[None], jnp.full((1, ROBOTS), 1.0 * time))
        valid = jnp.ones((1, ROBOTS), bool)
        ended = jnp.array([[(time, robot) in falls for robot in range(ROBOTS)]])
        known = record(known, replay.slots(stored, valid), ended, jnp.asarray(time))
        stored = insert(stored, items, valid)
    slots = endings.draw(known, stored, jax.random.key(0), (64, 8), jnp.asarray(num_steps))
    drawn = replay.fetch(stored, slots)
    pairs = np.stack([drawn.time, drawn.robot], axis=-1).reshape(64, 8, 2).astype(int)
    return pairs


def seen(pairs: np.ndarray) -> set[tuple[int, int]]:
    return {(int(time), int(robot)) for time, robot in pairs.reshape(-1, 2)}


def test_the_last_steps_before_endings_are_drawn_evenly():
    pairs = run(12, {(5, 1), (10, 3)}, capacity=100)
    wanted = {(3, 1), (4, 1), (5, 1), (8, 3), (9, 3), (10, 3)}
    assert seen(pairs) == wanted
    counts = np.unique(pairs.reshape(-1, 2), axis=0, return_counts=True)[1]
    assert counts.min() > 0.6 * counts.mean()  # 512 draws of six: 85 +- 9


def test_endings_that_were_overwritten_are_forgotten():
    """A ring of 10 vector steps: after 25 it holds 15 to 24, and what came before an ending at 15
    is gone already."""
    pairs = run(25, {(5, 1), (15, 2), (23, 0)}, capacity=10 * ROBOTS)
    assert seen(pairs) == {(21, 0), (22, 0), (23, 0)}


def test_endings_around_the_ring_s_corner():
    pairs = run(22, {(20, 1)}, capacity=10 * ROBOTS)
    assert seen(pairs) == {(18, 1), (19, 1), (20, 1)}


def test_before_the_first_step_there_is_nothing():
    """An ending at the first step of all: nothing blank is drawn."""
    pairs = run(3, {(0, 2)}, capacity=100)
    assert seen(pairs) == {(0, 2)}


def test_without_endings_anything_is_drawn():
    assert seen(run(3, set(), capacity=100)) == {(t, r) for t in range(3) for r in range(ROBOTS)}


def test_each_ring_has_its_own_endings():
    """Two rings of two robots; the first four of eight are of the first ring, which has none."""
    pairs = run(8, {(6, 3)}, capacity=100, shards=2)
    assert seen(pairs[:, 4:]) == {(4, 3), (5, 3), (6, 3)}
    assert seen(pairs[:, :4]) == {(t, r) for t in range(8) for r in (0, 1)}


@pytest.mark.parametrize("count", [8, 2])
def test_so_many_of_a_batch_are_from_before_endings(count, monkeypatch):
    monkeypatch.setattr(agent, "SECONDS", 0.0)  # endings alone
    config = SACConfig(
        batch_size=8,
        ending_batch_size=count,
        whole_episodes_after=0.0,
        num_envs=4,
        random_steps=8,
        replay_capacity=400,
        grad_updates_per_step=5,
        dropout_rate=0.0,
    )
    env = VectorEnv(Scripted("ood"), 4)
    rule = make_rule("lamour", [program(1.0)])
    learner = agent.make_sac(config, env, rule, 10, from_original=False)
    state = learner.init(jax.random.key(0), None)
    iterate = jax.jit(learner.iterate)
    for _ in range(20):
        state, metrics = iterate(state, None)
    assert np.isfinite(float(metrics["train/critic_loss"]))
    assert int(state.learner.endings.recorded[0]) > 0
    batch = jax.jit(learner.iterate.__self__._batches)(state, jax.random.key(1))
    assert batch.discount.shape == (5, 8)
    np.testing.assert_array_equal(batch.discount[:, 8 - count :], 0.0)
    if count < 8:
        assert (batch.discount[:, : 8 - count] == 1.0).any()
