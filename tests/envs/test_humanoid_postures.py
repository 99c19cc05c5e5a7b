"""The Humanoid's states on the way back: motors hold them, at every height."""

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

import envs
from envs import humanoid_postures as module
from envs.battery import settle
from envs.humanoid_postures import HEIGHT_BINS, MAX_SPEED, make_postures
from experiments.near_recovered import MOST

SHORT = 0.25  # s


@pytest.fixture(scope="module")
def env():
    return envs.make("humanoid", "ood", "native")


@pytest.fixture(scope="module")
def postures(env):
    return env.near_recovered_start()


def test_they_are_at_every_height_between_lying_and_standing(postures):
    counts, _ = np.histogram(postures.qpos[:, 2], HEIGHT_BINS)
    assert counts.sum() == len(postures.qpos)
    assert counts.max() == MOST
    rare = (HEIGHT_BINS[:-1] > 0.5) & (HEIGHT_BINS[:-1] < 0.7)
    assert (counts[~rare] > MOST / 2).all() and (counts > 5).all()


def test_they_are_at_rest_and_nothing_is_in_anything(env, postures):
    assert np.abs(postures.qvel).max() < MAX_SPEED
    data = mujoco.MjData(env.model)
    for row in postures.qpos[::20]:
        np.testing.assert_allclose(np.linalg.norm(row[3:7]), 1.0, atol=1e-5)
        data.qpos[:] = row
        mujoco.mj_fwdPosition(env.model, data)
        assert data.contact.dist.min(initial=0.0) > -0.02


def test_motors_hold_what_falls_without_them(env, postures):
    squats = postures.qpos[(postures.qpos[:, 2] > 0.8) & (postures.qpos[:, 2] < 1.1)][::5]
    held, _, _ = settle(env.model, squats, SHORT)

    def limp(qpos):
        state = env.reset_to(qpos, jnp.zeros(env.model.nv))
        still = jnp.zeros(env.action_size)
        steps = round(SHORT / env.dt)
        state, _ = jax.lax.scan(lambda s, _: (env.step(s, still), None), state, length=steps)
        return state.pipeline_state.physics.qpos[2]

    fallen = np.asarray(jax.jit(jax.vmap(limp))(jnp.asarray(squats)))
    assert np.median(squats[:, 2] - held[:, 2]) < 0.02
    assert np.median(squats[:, 2] - fallen) > 0.1


def test_the_same_seed_makes_the_same_postures(monkeypatch):
    monkeypatch.setattr(module, "_BATCH", 64)
    one, other = (make_postures(5, rounds=1, most=3) for _ in range(2))
    assert 0 < len(one.qpos) <= 3 * (len(HEIGHT_BINS) - 1)
    np.testing.assert_array_equal(one.qpos, other.qpos)
