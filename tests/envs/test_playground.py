"""MuJoCo Playground's environments: their own observation and reward, our health and starts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import envs
from tests.pages import own_robots_page

pytest.importorskip("mujoco_playground", reason="MuJoCo Playground (an extra) is not installed")

from envs.playground import _raw, load_world

BATCH = 3
minutes_long = pytest.mark.slow  # MJX compiles a start, which Playground settles, and a step


@pytest.fixture(scope="module")
def world():
    return load_world("CheetahRun")


@pytest.fixture(scope="module")
def normal():
    return envs.make("playground:CheetahRun", "normal")


@pytest.fixture(scope="module")
def step(normal):
    return jax.jit(jax.vmap(normal.step))


@pytest.fixture(scope="module")
def played(normal, world, step):
    """(ours, Playground's) of a start and three steps of a batch."""
    keys = jax.random.split(jax.random.key(3), BATCH)
    ours = [jax.jit(jax.vmap(normal.reset))(keys)]
    theirs = [jax.jit(jax.vmap(world.reset))(_raw(keys))]
    play = jax.jit(jax.vmap(world.step))
    for key in jax.random.split(jax.random.key(4), 3):
        action = jax.random.uniform(key, (BATCH, 6), minval=-1.0)
        ours.append(step(ours[-1], action))
        theirs.append(play(theirs[-1], action))
    return ours, theirs


@minutes_long
def test_observation_and_reward_are_playgrounds(played):
    for ours, theirs in zip(*played, strict=True):
        np.testing.assert_allclose(ours.obs, theirs.obs, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(ours.task_reward, theirs.reward, atol=1e-5)
        assert ours.healthy.all() and not ours.terminated.any() and ours.valid.all()
        np.testing.assert_array_equal(ours.reward, ours.task_reward)
    ours, theirs = played
    np.testing.assert_array_equal(ours[0].obs, theirs[0].obs)
    assert np.abs(ours[3].obs - ours[0].obs).max() > 0.1
    assert len(np.unique(np.round(ours[0].obs[:, 1], 5))) == BATCH  # fresh starts


def test_its_sizes_and_times_are_playgrounds(normal, world):
    assert (normal.observation_size, normal.action_size) == (17, 6)
    assert (normal.episode_length, normal.backend) == (1000, "mjx")
    assert normal.dt == pytest.approx(world.dt)
    assert normal.starts() == ("normal", "ood")


@minutes_long
def test_turned_over_it_is_unhealthy_and_unpaid_until_it_stood(normal, step):
    """Steps are compiled once for all starts: they are the same program."""
    ood = envs.make("playground:CheetahRun", "ood")
    begun = jax.jit(jax.vmap(ood.reset))(jax.random.split(jax.random.key(0), BATCH))
    assert not begun.healthy.any() and not begun.done.any()
    assert np.abs(begun.obs[:, 1] - ood.ood_qpos[2]).max() < 0.1  # one step after the pose
    reached = step(begun, jnp.ones((BATCH, 6)))
    assert not reached.reward.any() and not reached.terminated.any()
    stood = begun.replace(pipeline_state=begun.pipeline_state.replace(was_healthy=~begun.healthy))
    assert step(stood, jnp.ones((BATCH, 6))).terminated.all()


@minutes_long
def test_a_broken_simulation_keeps_its_last_state(played, step):
    state = played[0][-1]
    physics = state.pipeline_state.physics
    data = physics.state.data
    broken = data.replace(qvel=data.qvel.at[1].set(jnp.nan))
    episode = state.pipeline_state.replace(
        physics=physics.replace(state=physics.state.replace(data=broken))
    )
    reached = step(state.replace(pipeline_state=episode), jnp.zeros((BATCH, 6)))
    np.testing.assert_array_equal(reached.valid, [True, False, True])
    np.testing.assert_array_equal(reached.terminated, [False, True, False])
    assert np.isfinite(reached.reward).all() and np.isfinite(reached.obs).all()


def test_a_description_sets_health_and_the_start(tmp_path):
    page = own_robots_page(tmp_path)
    env = envs.make(str(page / "cheetah_run.toml"), "ood")
    assert (env.name, env.original_task) == ("cheetah_run", "Run forward.")
    assert env.rule.max_tilt == pytest.approx(np.deg2rad(60))
    assert np.abs(env.ood_qpos[2]) > np.deg2rad(60)
    assert env.ood_start().qpos_noise == 0.05
    assert env.fingerprint() != envs.find("playground:CheetahRun").fingerprint()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("substeps = 5", "substeps is Playground's own"),
        ("[reward]\nforward = 1", "reward is Playground's own"),
        ("[ood]\nqpos = [0, 0, 0, 0, 0, 0, 0, 0, 0]", r"\[ood\] begins healthy"),
        ("[ood]\ncolour = 1", "has to be given"),
    ],
)
def test_what_is_wrong_in_a_description_is_said(tmp_path, line, complaint):
    file = tmp_path / "run.toml"
    file.write_text(f'playground = "CheetahRun"\n{line}\n')
    with pytest.raises(ValueError, match=complaint):
        envs.make(str(file), "ood")


def test_what_cannot_be_used_is_said():
    with pytest.raises(ValueError, match=r"has no 'Unicorn': choose one of .*CheetahRun"):
        envs.make("playground:Unicorn")
    with pytest.raises(ValueError, match="runs on mjx, not on 'native'"):
        envs.make("playground:CheetahRun", "normal", "native")
    with pytest.raises(ValueError, match="CartpoleBalance has no OOD start"):
        envs.make("playground:CartpoleBalance", "ood")


def test_what_needs_a_download_is_refused(monkeypatch, tmp_path):
    from mujoco_playground._src import mjx_env

    monkeypatch.setattr(mjx_env, "MENAGERIE_PATH", tmp_path / "mujoco_menagerie")
    with pytest.raises(ValueError, match="needs models of MuJoCo Menagerie"):
        envs.make("playground:Go1JoystickFlatTerrain")
