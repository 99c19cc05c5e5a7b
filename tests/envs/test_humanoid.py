"""Humanoid against MuJoCo Playground's own task code on the same model, and its released policy."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

import envs
from envs.base import EpisodeState
from envs.humanoid import LEG_GEAR
from envs.physics import PhysicsState
from envs.physics.quiet_mjx import mjx
from lamour_jax.evaluation import make_play, summarise
from lamour_jax.importing import actor_params, read_state_dict
from lamour_jax.networks import Actor
from tests.conftest import released_actor

NUM_STATES = 200


@pytest.fixture(scope="module")
def env():
    return envs.make("humanoid", "ood", "native")


@pytest.fixture(scope="module")
def steps(env):
    """[(MjData after a control step, the PhysicsState of it, action)], from standing to lying."""
    rng = np.random.default_rng(0)
    data, model = mujoco.MjData(env.model), env.model
    found = []
    for index in range(NUM_STATES):
        mujoco.mj_resetData(model, data)
        if index % 3:
            data.qpos[:] = env.ood_qpos
            data.qpos[2] = rng.uniform(0.15, 1.6)
            data.qpos[3:7] = rng.normal(size=4)
        data.qpos[7:] += rng.uniform(-0.3, 0.3, model.nq - 7)
        data.qvel[:] = rng.normal(size=model.nv)
        action = rng.uniform(-1, 1, model.nu)
        data.ctrl[:] = action
        mujoco.mj_step(model, data, env.num_substeps)
        found.append((copy_of(data), physics(data), action))
    return found


def copy_of(data) -> SimpleNamespace:
    """What Playground's task code reads of a `mjx.Data`."""
    return SimpleNamespace(
        qpos=jnp.array(data.qpos),
        qvel=jnp.array(data.qvel),
        xpos=jnp.array(data.xpos),
        xmat=jnp.array(data.xmat).reshape(-1, 3, 3),
        sensordata=jnp.array(data.sensordata),
    )


def physics(data) -> PhysicsState:
    arrays = (data.qpos, data.qvel, data.qacc_warmstart, data.sensordata)
    return PhysicsState(*(jnp.array(array, jnp.float32) for array in arrays))


@pytest.fixture(scope="module")
def task(env):
    """Playground's task "run" around our model."""
    pytest.importorskip("ml_collections", reason="MuJoCo Playground's requirements are not here")
    from mujoco_playground._src.dm_control_suite import humanoid

    task = object.__new__(humanoid.Humanoid)  # its constructor compiles MJX
    task._mj_model = env.model
    task._move_speed = humanoid.RUN_SPEED
    task._stand_or_move_reward = task._move_reward
    task._post_init()
    return task


def test_observation_and_reward_are_playgrounds(env, task, steps):
    rewards = []
    for data, state, action in steps:
        expected = task._get_obs(data, {})
        np.testing.assert_allclose(env.observe(state), expected, rtol=1e-4, atol=1e-4)
        taken = jnp.array(action, jnp.float32)
        expected = task._get_reward(data, taken, {}, {})
        reward = env.compute_task_reward(state, state, taken)
        assert float(reward) == pytest.approx(float(expected), rel=1e-3, abs=1e-5)
        rewards.append(float(expected))
    # From upside down, where it is 0, to standing.
    assert min(rewards) < 1e-3 and max(rewards) > 0.15


def test_model_is_playgrounds_with_stronger_legs_and_implicit_damping(env):
    gears = {env.model.actuator(i).name: env.model.actuator_gear[i, 0] for i in range(21)}
    legs = [name for name in gears if "hip" in name or "knee" in name]
    assert len(legs) == 8 and all(gears[name] == LEG_GEAR == 140 for name in legs)
    assert gears["abdomen_y"] == 40 and gears["left_ankle_x"] == 20
    assert not env.model.opt.disableflags & mujoco.mjtDisableBit.mjDSBL_EULERDAMP
    assert env.model.opt.timestep == 0.005 and env.dt == pytest.approx(0.025)


@pytest.mark.parametrize(
    ("height", "healthy"), [(1.0, False), (1.01, True), (1.99, True), (2.0, False), (0.12, False)]
)
def test_health_is_the_torsos_height(env, height, healthy):
    qpos = jnp.asarray(env.model.qpos0, jnp.float32).at[2].set(height)
    assert bool(env.is_healthy(env.engine.init(qpos, jnp.zeros(env.model.nv)))) is healthy


def test_the_out_of_distribution_start_lies_on_its_back(env):
    state = env.reset_to(jnp.asarray(env.ood_qpos, jnp.float32), jnp.zeros(env.model.nv))
    x_up, y_up, z_up = state.obs[34:37]
    assert float(x_up) == pytest.approx(1.0, abs=1e-5)  # it faces the sky
    assert abs(float(y_up)) < 1e-5 and abs(float(z_up)) < 1e-5
    assert not state.healthy
    # Undisturbed it stays there.
    step, still = jax.jit(env.step), jnp.zeros(21)
    for _ in range(40):
        state = step(state, still)
    assert float(state.obs[21]) < 0.3 and not state.terminated


def test_mjx_finds_the_contacts_of_postures_on_the_ground(env):
    """Playground's file has room for 8 pairs of a kind: a foot went through the pelvis."""
    postures = env.near_recovered_start().qpos[::4]
    model = mjx.put_model(env.model)

    def touching(qpos: jax.Array) -> tuple[jax.Array, jax.Array]:
        data = mjx.make_data(model).replace(qpos=qpos)
        data = mjx.collision(model, mjx.com_pos(model, mjx.kinematics(model, data)))
        contact = data._impl.contact
        return contact.geom, contact.dist < contact.includemargin

    geoms, touch = map(np.asarray, jax.jit(jax.vmap(touching))(jnp.asarray(postures)))
    data = mujoco.MjData(env.model)
    for posture, pairs, touches in zip(postures, geoms, touch, strict=True):
        data.qpos[:] = posture
        mujoco.mj_fwdPosition(env.model, data)
        deep = data.contact.geom[data.contact.dist < -1e-4]  # no rounding decides of these
        found = {frozenset(pair) for pair in pairs[touches]}
        assert {frozenset(pair) for pair in deep} <= found


def test_sensors_are_the_engines_too(env):
    """After native steps from a PhysicsState the observation is that of MuJoCo's own data."""
    data = mujoco.MjData(env.model)
    data.qpos[7:] = 0.1
    data.ctrl[:] = 0.3
    state = env.reset_to(jnp.array(data.qpos, jnp.float32), jnp.zeros(env.model.nv))
    state = env.step(state, jnp.full(21, 0.3))
    mujoco.mj_step(env.model, data, env.num_substeps)
    np.testing.assert_allclose(state.obs, env.observe(physics(data)), rtol=1e-4, atol=2e-4)
    assert isinstance(state.pipeline_state, EpisodeState)


def test_the_released_policy_runs():
    env = envs.make("humanoid", "normal", "native")
    params = actor_params(
        read_state_dict(released_actor("humanoid")), "humanoid", env.observation_size
    )
    play = jax.jit(make_play(env, Actor(env.action_size)))
    measures = summarise(play(params, *env.draw_starts(jax.random.key(0), 16)))
    assert 235 < measures["return"] < 265  # published: 252
