"""PushChair's states on the way back: arms hold the chair, and how training draws them."""

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

import envs
from envs.push_chair import PushChair
from envs.push_chair.holding import MAX_OVERLAP, TILT_BINS, make_states, tilts
from envs.push_chair.measures import measure
from envs.push_chair.starts import MOVED, Moved
from envs.starts import Poses
from experiments.near_recovered import COUNTS
from tests.envs.test_push_chair import wrapped

AWAY = jnp.array([20.0, 20.0])


@pytest.fixture(scope="module")
def env():
    return envs.make("push_chair", "ood", "native")


@pytest.fixture(scope="module")
def states(env):
    stored = env.near_recovered_start().states
    return stored.qpos, stored.qvel


def kind(states, name):
    """(qpos, qvel) of one kind, in the order in which they are stored."""
    first = 0
    for other, count in COUNTS.items():
        if other == name:
            return tuple(part[first : first + count] for part in states)
        first += count
    raise KeyError(name)


def after(env, qpos, qvel, steps):
    """The chair's tilts (rad) after control steps with all speed controllers at rest."""

    def play(qpos, qvel):
        state = env.reset_to(qpos, qvel)
        still = jnp.zeros(env.action_size)
        state, _ = jax.lax.scan(lambda s, _: (env.step(s, still), None), state, length=steps)
        return state.pipeline_state.physics.qpos

    return tilts(np.asarray(jax.jit(jax.vmap(play))(jnp.asarray(qpos), jnp.asarray(qvel))))


def test_arms_hold_the_chair_and_without_them_it_falls(env, states):
    qpos, qvel = (part[::20] for part in kind(states, "held"))  # 60, ten of each bin
    middle = (tilts(qpos) > np.deg2rad(45)) & (tilts(qpos) < np.deg2rad(80))
    before = tilts(qpos)[middle]
    held = after(env, qpos[middle], qvel[middle], 6) - before
    alone = np.array(qpos[middle])
    alone[:, :2] += AWAY
    let_go = after(env, alone, qvel[middle], 6) - before
    # Arms at rest give way: by 5.2 degrees, where the chair alone falls by 25.
    assert np.median(held) < np.deg2rad(5.5)
    assert np.median(let_go) > np.deg2rad(20)


def test_held_chairs_are_spread_evenly_between_standing_and_lying(states):
    counts, _ = np.histogram(tilts(kind(states, "held")[0]), TILT_BINS)
    assert set(counts) == {COUNTS["held"] // (len(TILT_BINS) - 1)}


def test_walks_lead_back_to_a_chair_that_lies(states):
    walked, *rest = (tilts(kind(states, name)[0]) for name in ("walked", "lying", "scattered"))
    assert (walked > np.deg2rad(85)).mean() > 0.2
    for tilt, qpos in zip(rest, (PushChair.ood_qpos, PushChair.normal_qpos), strict=True):
        np.testing.assert_allclose(tilt, tilts(qpos[None])[0], atol=1e-3)


def test_nothing_is_in_anything(env, states):
    physics = jax.jit(jax.vmap(env.reset_to))(*states).pipeline_state.physics
    assert np.isfinite(np.asarray(physics.qpos)).all()
    data = mujoco.MjData(env.model)
    for row in states[0][::20]:
        data.qpos[:] = row
        mujoco.mj_fwdPosition(env.model, data)
        assert data.contact.dist.min(initial=0.0) > -MAX_OVERLAP - 1e-3


def test_a_drawn_state_is_a_stored_one_seen_from_elsewhere(env, states):
    qpos, qvel = (part[:1] for part in states)
    start = Moved(Poses(qpos, qvel))
    drawn = start.sample_batch(jax.random.key(0), 500, env.model.nv)
    one, many = measure(qpos[0], qvel[0]), jax.vmap(measure)(*drawn)
    for name in ("hand_distance", "tilt", "speed", "spin"):
        np.testing.assert_allclose(getattr(many, name), getattr(one, name), atol=2e-4)
    seen, all_seen = env.reset_to(qpos[0], qvel[0]).obs, jax.vmap(env.reset_to)(*drawn).obs
    np.testing.assert_allclose(all_seen[:, :-4], np.tile(seen[:-4], (500, 1)), atol=2e-3)
    turns = wrapped(np.asarray(drawn[0][:, 2]) - qpos[0, 2])
    assert turns.min() < -3.0 and turns.max() > 3.0
    moved = np.abs(np.asarray(many.target_distance) - float(one.target_distance))
    assert 0.3 < moved.max() < np.hypot(MOVED, MOVED) + 1e-4


@pytest.mark.slow
def test_the_same_seed_makes_the_same_states():
    one, other = (make_states(5, held=6, walked=8, lying=5, scattered=4) for _ in range(2))
    assert [len(part.qpos) for part in one] == [6, 8, 5, 4]
    for kind_of_one, kind_of_other in zip(one, other, strict=True):
        np.testing.assert_array_equal(kind_of_one.qpos, kind_of_other.qpos)
