"""Start distributions: one pose with noise, stored poses, and how two of them are mixed."""

import jax
import numpy as np
import pytest

from envs.starts import EVALUATION_NOISE, Poses, Start

NV = 2
POSE = Start(np.array([5.0, -5.0, 1.0]))
STORED = Poses(qpos=np.arange(21.0).reshape(7, 3), qvel=np.arange(14.0).reshape(7, 2))


def draw(start, count=400):
    keys = jax.random.split(jax.random.key(0), count)
    return [np.asarray(part) for part in jax.vmap(lambda key: start.sample(key, NV))(keys)]


def test_uniform_noise_fills_its_width_and_no_more():
    qpos, qvel = draw(Start(POSE.qpos, qpos_noise=0.1, qvel_noise=0.2))
    spread = qpos - POSE.qpos
    assert 0.09 < spread.max() <= 0.1 + 1e-5 and -0.1 - 1e-5 <= spread.min() < -0.09
    assert 0.18 < qvel.max() <= 0.2 and -0.2 <= qvel.min() < -0.18


def test_evaluation_noise_is_added_only_where_there_is_none():
    noisy = Start(POSE.qpos, qpos_noise=0.1)
    assert noisy.for_evaluation() is noisy
    quiet = POSE.for_evaluation()
    assert quiet.qpos_noise == quiet.qvel_noise == EVALUATION_NOISE


def rows_of(qpos, qvel):
    """Which of the stored states were drawn; each as it was stored."""
    rows = np.asarray(qpos)[:, 0].astype(int) // 3
    np.testing.assert_array_equal(qpos, STORED.qpos[rows])
    np.testing.assert_array_equal(qvel, STORED.qvel[rows])
    return rows


def test_stored_states_are_drawn_alike_often():
    counts = np.bincount(rows_of(*draw(STORED, 700)), minlength=7)
    # 100 expected of each, with a standard deviation of 9.
    assert counts.min() > 60 and counts.max() < 140


@pytest.mark.parametrize(
    ("count", "times"), [(7, {1: 7}), (3, {1: 3, 0: 4}), (14, {2: 7}), (16, {3: 2, 2: 5})]
)
def test_a_batch_of_stored_states_repeats_none_before_all_were_drawn(count, times):
    counts = np.bincount(rows_of(*STORED.sample_batch(jax.random.key(1), count, NV)), minlength=7)
    assert {n: int((counts == n).sum()) for n in times} == times


@pytest.mark.parametrize("start", [POSE, Start(POSE.qpos, 0.1, 0.1), STORED])
def test_a_batch_begins_alike_whatever_its_size_and_follows_its_key(start):
    key = jax.random.key(3)
    one, many = (start.sample_batch(key, count, NV) for count in (1, 64))
    for few, more in zip(one, many, strict=True):
        np.testing.assert_array_equal(few[0], more[0])
    other = start.sample_batch(jax.random.key(4), 64, NV)
    assert start is POSE or not np.array_equal(many[0], other[0])
