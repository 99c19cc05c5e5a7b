"""Start distributions: one pose with noise, stored poses, and how two of them are mixed."""

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

import envs
from envs.rotations import roll_pitch, turn
from envs.starts import EVALUATION_NOISE, Mixture, Poses, Start, Turned

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


def test_a_mixture_draws_its_share_of_each():
    qpos, _ = draw(Mixture(POSE, STORED, 0.25), 800)
    others = np.isin(qpos[:, 0], STORED.qpos[:, 0])
    np.testing.assert_array_equal(qpos[~others], np.broadcast_to(POSE.qpos, (sum(~others), 3)))
    assert 150 < others.sum() < 250  # 200 expected, with a standard deviation of 12


def test_turned_starts_are_normal_ones_at_any_heading():
    ant = envs.make("ant", "ood", "native").with_turned_starts(1.0)
    qpos, qvel = map(np.asarray, ant.draw_starts(jax.random.key(0), 512))
    w, x, y, z = (qpos[:, 3:7] / np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)).T
    heading = np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    quarters = np.histogram(heading, bins=4, range=(-np.pi, np.pi))[0]
    assert quarters.min() > 90  # 128 expected, with a standard deviation of 10
    assert np.abs(np.stack(roll_pitch(jnp.asarray(qpos[:, 3:7])))).max() < 0.5
    assert np.abs(qpos[:, 7:] - ant.normal_start().qpos[7:]).max() <= 0.1 + 1e-6
    assert 0.08 < qvel.std() < 0.12


def test_physics_does_not_know_which_way_a_robot_was_turned():
    ant = envs.make("ant", "normal", "native")
    start = Turned(ant.normal_start(), 3)
    seed = jax.random.key(2)
    qpos, qvel = map(np.array, start.sample(seed, ant.model.nv))
    as_before = ant.normal_start().sample(jax.random.split(seed)[0], ant.model.nv)
    reached = []
    for pose, velocity in ((qpos, qvel), as_before):
        data = mujoco.MjData(ant.model)
        data.qpos[:], data.qvel[:] = pose, velocity
        data.ctrl[:] = np.linspace(-1, 1, ant.model.nu)
        mujoco.mj_step(ant.model, data, nstep=100)
        reached.append((data.qpos.copy(), data.qvel.copy()))
    (qpos, qvel), (qpos_before, qvel_before) = reached
    assert np.abs(qpos[3:7] - qpos_before[3:7]).max() > 0.1  # it was turned
    np.testing.assert_allclose(qpos[[2, *range(7, 15)]], qpos_before[[2, *range(7, 15)]], atol=1e-3)
    np.testing.assert_allclose(qvel[2:], qvel_before[2:], atol=1e-2)
    np.testing.assert_allclose(np.linalg.norm(qvel[:2]), np.linalg.norm(qvel_before[:2]), atol=1e-2)


def test_a_quarter_turn_of_a_quaternion():
    half = np.sqrt(0.5)
    np.testing.assert_allclose(
        turn(jnp.array([1.0, 0, 0, 0]), np.pi / 2), [half, 0, 0, half], atol=1e-6
    )
    # On its back and turned: roll by pi first, then about the vertical.
    np.testing.assert_allclose(
        turn(jnp.array([0.0, 1, 0, 0]), np.pi / 2), [0, half, half, 0], atol=1e-6
    )


def test_a_planar_robot_has_no_heading():
    with pytest.raises(ValueError, match="hopper has no free joint"):
        envs.make("hopper", "ood", "native").with_turned_starts(0.5)
