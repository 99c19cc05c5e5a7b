"""Each robot's numbers: sizes, model edits, health, starts and rewards, written out by hand."""

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import envs
from envs.physics import PhysicsState

DEGREE = np.pi / 180
FLAT_HOPPER = [-1.2729, 0.10, -1.7453, 0, 0, 0]
FLAT_WALKER = [-1.2729, 0.10, 1.5740, -0.1222, 0, -0.7854, -0.1222, 0, -0.7854]


@pytest.fixture(scope="module")
def robots():
    return {name: envs.make(name, "ood", "native") for name in envs.names()}


def physics(env, *, qpos=None, qvel=None) -> PhysicsState:
    qpos = np.array(env.model.qpos0 if qpos is None else qpos, np.float32)
    qvel = np.zeros(env.model.nv, np.float32) if qvel is None else np.array(qvel, np.float32)
    return PhysicsState(jnp.asarray(qpos), jnp.asarray(qvel), jnp.zeros(0), jnp.zeros(0))


def healthy(env, changes, *, qvel=None) -> bool:
    """Health of the model's pose with some entries of qpos changed."""
    qpos = np.array(env.model.qpos0)
    for index, value in changes.items():
        qpos[index] = value
    return bool(env.is_healthy(physics(env, qpos=qpos, qvel=qvel)))


@pytest.mark.parametrize(
    ("name", "obs", "actions", "substeps", "dt"),
    [
        ("ant", 27, 8, 5, 0.05),
        ("half_cheetah", 17, 6, 5, 0.05),
        ("hopper", 11, 3, 4, 0.008),
        ("humanoid", 67, 21, 5, 0.025),
        ("walker2d", 17, 6, 4, 0.008),
    ],
)
def test_sizes(robots, name, obs, actions, substeps, dt):
    env = robots[name]
    assert (env.observation_size, env.reward_input_size) == (obs, obs)
    assert (env.action_size, env.num_substeps, env.episode_length) == (actions, substeps, 1000)
    assert env.dt == pytest.approx(dt)
    assert env.backend == "native"


def test_model_edits(robots):
    ant, cheetah, walker = (robots[name].model for name in ("ant", "half_cheetah", "walker2d"))
    for ankle, degrees in ((1, (0, 70)), (2, (-70, 0)), (3, (-70, 0)), (4, (0, 70))):
        limits = ant.joint(f"ankle_{ankle}").range
        np.testing.assert_allclose(limits, np.array(degrees) * DEGREE, atol=1e-6)
    np.testing.assert_allclose(cheetah.joint("bthigh").range, [-0.52, 2.094], atol=1e-6)
    assert cheetah.actuator("bthigh").gear[0] == 150
    assert cheetah.actuator("bshin").gear[0] == 90
    for joint in ("thigh_joint", "thigh_left_joint"):
        np.testing.assert_allclose(walker.joint(joint).range, [-30 * DEGREE, 0], atol=1e-6)
    # walker2d_v5.xml has the feet's friction at 1.9; walker2d.xml, which the policies know, 0.9.
    assert walker.geom("foot_geom").friction[0] == pytest.approx(0.9)
    for env in robots.values():
        assert env.model.opt.disableflags & mujoco.mjtDisableBit.mjDSBL_EULERDAMP == 0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({2: 0.2}, True),
        ({2: 0.199}, False),
        ({2: 1.0}, True),
        ({2: 1.001}, False),
        ({2: np.nan}, False),
    ],
)
def test_ants_height(robots, changes, expected):
    assert healthy(robots["ant"], changes) is expected


@pytest.mark.parametrize(
    ("axes", "degrees", "expected"),
    [
        ("x", 89, True),
        ("x", -89, True),
        ("x", 91, False),
        ("x", -91, False),
        ("x", 180, False),
        ("y", 89, True),
        ("y", -89, True),
        ("y", 100, False),  # in Tait-Bryan angles pitch 80 with roll and yaw 180
        ("y", -100, False),
        ("z", 179, True),
    ],
)
@pytest.mark.parametrize("yaw", [0, 120])
def test_ants_attitude(robots, axes, degrees, expected, yaw):
    turned = Rotation.from_euler("Z", yaw, degrees=True) * Rotation.from_euler(
        axes, degrees, degrees=True
    )
    x, y, z, w = turned.as_quat()
    # Twice the length: an orientation is the quaternion's direction.
    quat = dict(zip((3, 4, 5, 6), 2 * np.array([w, x, y, z]), strict=True))
    assert healthy(robots["ant"], {2: 0.5, **quat}) is expected


@pytest.mark.parametrize(
    ("pitch", "expected"), [(1.57, True), (-1.57, True), (1.58, False), (-1.58, False)]
)
def test_half_cheetahs_health(robots, pitch, expected):
    assert healthy(robots["half_cheetah"], {2: pitch}) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({1: 0.701}, True),
        ({1: 0.699}, False),
        ({1: 5.0}, True),
        ({2: 0.199}, True),
        ({2: -0.199}, True),
        ({2: 0.201}, False),
        ({2: -0.201}, False),
        ({0: 500.0}, True),  # far from the start is no sickness
        ({3: 99.0}, True),
        ({3: -101.0}, False),
    ],
)
def test_hoppers_health(robots, changes, expected):
    assert healthy(robots["hopper"], changes) is expected


def test_hoppers_health_minds_speed(robots):
    assert healthy(robots["hopper"], {}, qvel=[0, 0, 99, 0, 0, 0])
    assert not healthy(robots["hopper"], {}, qvel=[0, 0, 0, 0, 0, -101])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({1: 0.901}, True),
        ({1: 0.899}, False),  # Gymnasium's bound is 0.8
        ({1: 1.999}, True),
        ({1: 2.001}, False),
        ({2: 0.299}, True),
        ({2: 0.301}, False),  # Gymnasium's bound is 1.0
        ({2: -0.301}, False),
    ],
)
def test_walkers_health(robots, changes, expected):
    assert healthy(robots["walker2d"], changes) is expected


@pytest.mark.parametrize(
    ("name", "qpos", "qpos_noise", "qvel_noise"),
    [
        ("ant", [0, 0, 0.25, 0, 1, 0, 0] + [0] * 8, 0.0, 0.0),
        ("half_cheetah", [0, -0.5, -2.8798, 1.0472, 0, 0, 0, 0, 0], 0.1, "gaussian 0.1"),
        ("hopper", FLAT_HOPPER, 0.005, 0.005),
        ("walker2d", FLAT_WALKER, 0.005, 0.005),
    ],
)
def test_ood_starts(name, qpos, qpos_noise, qvel_noise):
    env = envs.make(name, "ood", "native")
    assert not check_start(env, qpos, qpos_noise, qvel_noise).any()


@pytest.mark.parametrize(
    ("name", "height", "qpos_noise", "qvel_noise"),
    [
        ("ant", 0.75, 0.1, "gaussian 0.1"),
        ("half_cheetah", 0.0, 0.1, "gaussian 0.1"),
        ("hopper", 1.25, 0.005, 0.005),
        ("walker2d", 1.25, 0.005, 0.005),
    ],
)
def test_normal_starts_are_the_models_pose(name, height, qpos_noise, qvel_noise):
    env = envs.make(name, "normal", "native")
    assert env.model.qpos0[2 if name == "ant" else 1] == pytest.approx(height)
    assert check_start(env, env.model.qpos0, qpos_noise, qvel_noise).all()


def test_evaluation_gives_noise_to_a_start_without():
    check_start(
        envs.make("ant", "ood", "native", evaluation=True),
        [0, 0, 0.25, 0, 1, 0, 0] + [0] * 8,
        0.005,
        0.005,
    )
    # Starts that have noise keep it.
    check_start(envs.make("hopper", "ood", "native", evaluation=True), FLAT_HOPPER, 0.005, 0.005)
    check_start(
        envs.make("half_cheetah", "ood", "native", evaluation=True),
        [0, -0.5, -2.8798, 1.0472, 0, 0, 0, 0, 0],
        0.1,
        "gaussian 0.1",
    )


def check_start(env, qpos, qpos_noise, qvel_noise) -> np.ndarray:
    """Checks the distribution of starts; returns which of them are healthy."""
    state = jax.jit(jax.vmap(env.reset))(jax.random.split(jax.random.key(0), 2000))
    physics = state.pipeline_state.physics
    positions, speeds = np.asarray(physics.qpos), np.asarray(physics.qvel)
    check_uniform(positions - np.array(qpos), qpos_noise)
    if qvel_noise == "gaussian 0.1":
        np.testing.assert_allclose(speeds.mean(0), 0, atol=0.01)
        np.testing.assert_allclose(speeds.std(0), 0.1, rtol=0.08)
        assert np.abs(speeds).max() > 0.25
    else:
        check_uniform(speeds, qvel_noise)
    return np.asarray(state.healthy)


def check_uniform(noise, half_width):
    """Entries independent and uniform in [-half_width, half_width]."""
    rounding = 1e-6
    if half_width == 0:
        np.testing.assert_allclose(noise, 0, atol=rounding)
        return
    assert np.abs(noise).max() <= half_width + rounding
    np.testing.assert_allclose(noise.mean(0), 0, atol=0.08 * half_width)
    np.testing.assert_allclose(noise.std(0), half_width / np.sqrt(3), rtol=0.08)
    correlations = np.corrcoef(noise.T) - np.eye(noise.shape[1])
    assert np.abs(correlations).max() < 0.12


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Two metres forward in a control step, every action 0.5.
        ("ant", 2 / 0.05 + 1 - 0.5 * 8 * 0.25),
        ("half_cheetah", 2 / 0.05 - 0.1 * 6 * 0.25),
        ("hopper", 2 / 0.008 + 1 - 0.001 * 3 * 0.25),
        ("walker2d", 2 / 0.008 + 1 - 0.001 * 6 * 0.25),
    ],
)
def test_rewards(robots, name, expected):
    env = robots[name]
    moved = env.model.qpos0.copy()
    moved[0] += 2.0
    action = jnp.full(env.action_size, 0.5)
    reward = env.compute_task_reward(physics(env), physics(env, qpos=moved), action)
    assert float(reward) == pytest.approx(expected, rel=1e-5)


def test_observations(robots):
    for name, skipped in (("ant", 2), ("half_cheetah", 1), ("hopper", 1), ("walker2d", 1)):
        env = robots[name]
        qpos = np.arange(1.0, env.model.nq + 1)
        qvel = 20.0 * np.resize([1, -1], env.model.nv) + np.arange(env.model.nv)
        shown = np.clip(qvel, -10, 10) if name in ("hopper", "walker2d") else qvel
        expected = np.concatenate([qpos[skipped:], shown])
        np.testing.assert_array_equal(env.observe(physics(env, qpos=qpos, qvel=qvel)), expected)
