"""MJX on NVIDIA Warp (on its CPU device): how it is batched, and what it makes room for. How far it
agrees with native MuJoCo is in test_engines.py."""

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

import envs
from envs.physics import PhysicsState, SolverLimits, available_engines, make_engine
from envs.physics.warp import most_constraints, most_contacts
from envs.wrappers import VectorEnv
from lamour_jax.cli.common import make_env
from lamour_jax.errors import UserError
from lamour_jax.recovery import make_rule
from lamour_jax.rollout import collect, random_actions
from tests.envs.test_engines import needs_warp

COUNT = 6

# A ball above a floor, with sensors of position, velocity and acceleration, and a thruster.
BALL = """<mujoco><option timestep='0.005'/><worldbody>
  <geom type='plane' size='5 5 1'/>
  <body pos='0 0 1'><freejoint/><geom type='sphere' size='.1'/><site name='s'/></body>
</worldbody><actuator><motor site='s' gear='0 0 1 0 0 0'/></actuator><sensor>
  <framepos objtype='site' objname='s'/><framelinvel objtype='site' objname='s'/>
  <accelerometer site='s'/>
</sensor></mujoco>"""


def rest(engine, count: int) -> PhysicsState:
    """`count` simulations [count, ...] where the model stands."""
    qpos = jnp.tile(jnp.asarray(engine.model.qpos0, jnp.float32), (count, 1))
    return jax.vmap(engine.init)(qpos, jnp.zeros((count, engine.model.nv)))


@pytest.fixture(scope="module")
def hopper():
    return envs.make("hopper", "ood", "warp")


@pytest.fixture(scope="module")
def step(hopper):
    """Steps batches; compiled once for the tests below, which all take COUNT hoppers."""
    return jax.jit(jax.vmap(hopper.engine.step))


@needs_warp
def test_every_vmap_is_part_of_one_batch(hopper, step):
    """Alone, in a batch, in a batch of batches and with one action for all: the same physics."""
    alone = hopper.engine.step
    states, ctrl = rest(hopper.engine, COUNT), jnp.array([0.5, -0.2, 0.1])
    states = states.replace(qpos=states.qpos.at[:, 1].add(-0.1 * jnp.arange(COUNT)))
    expected = step(states, jnp.tile(ctrl, (COUNT, 1)))
    nested = jax.tree.map(lambda x: x.reshape(2, COUNT // 2, *x.shape[1:]), states)
    shared = jax.vmap(jax.vmap(alone, in_axes=(0, None)), in_axes=(0, None))
    nested = jax.jit(shared)(nested, ctrl)
    np.testing.assert_array_equal(nested.qpos.reshape(COUNT, -1), expected.qpos)
    last = jax.jit(alone)(jax.tree.map(lambda x: x[-1], states), ctrl)
    np.testing.assert_allclose(last.qvel, expected.qvel[-1], atol=1e-6)


@needs_warp
def test_steps_robots_in_the_rollout_of_training(hopper):
    act = random_actions(hopper.action_size)

    def run(env, key):
        vector = VectorEnv(env, 4, pool_size=4)
        return collect(vector, make_rule("sac_zero"), act, vector.reset(key), key, 6)[0].robots

    key = jax.random.key(0)
    warp, native = (
        jax.jit(run, static_argnums=0)(env, key)
        for env in (hopper, envs.make("hopper", "ood", "native"))
    )
    assert np.asarray(warp.valid).all()
    np.testing.assert_allclose(warp.obs, native.obs, atol=1e-2)


@needs_warp
def test_a_simulation_that_blew_up_comes_back_as_nan_and_alone(hopper, step):
    states = rest(hopper.engine, COUNT)
    qpos = states.qpos.at[0, 2].set(np.nan)
    qvel = states.qvel.at[1, 2].set(np.nan).at[2, 3].set(np.inf).at[4, 2].set(1e11)
    after = step(states.replace(qpos=qpos, qvel=qvel), jnp.zeros((COUNT, 3)))
    for values in (after.qpos, after.qvel, after.qacc_warmstart):
        assert np.isnan(values[jnp.array([0, 1, 2, 4])]).all()
        assert np.isfinite(values[jnp.array([3, 5])]).all()


@needs_warp
def test_contacts_without_room_are_never_dropped_silently(hopper, step):
    lying = jnp.tile(jnp.array([0, -1.15, 1.5, 0, 0, 0]), (COUNT, 1))
    states, ctrl = rest(hopper.engine, COUNT).replace(qpos=lying), jnp.zeros((COUNT, 3))
    assert np.isfinite(step(states, ctrl).qpos).all()
    cramped = envs.make("hopper", "ood", "warp").engine
    cramped._contacts = 1
    short = jax.jit(jax.vmap(cramped.step))(states, ctrl)
    assert np.isnan(short.qpos).all()


@needs_warp
def test_room_is_made_for_the_most_that_a_model_can_have():
    model = mujoco.MjModel.from_xml_string(
        "<mujoco><worldbody><geom type='plane' size='1 1 1'/>"
        "<body><joint limited='true' range='0 1'/><geom type='capsule' size='.1 .1'/></body>"
        "<body><joint/><geom size='.1'/></body><body><joint/><geom type='box' size='1 1 1'/></body>"
        "</worldbody></mujoco>"
    )
    # plane-capsule 2, plane-sphere 1, capsule-sphere 1, and 8 for a box with anything.
    assert most_contacts(model, np.array([[0, 1], [0, 2], [1, 2], [2, 3]])) == 2 + 1 + 1 + 8
    # Four rows a contact with friction in two directions, and one limit.
    assert most_constraints(model, 12) == 12 * 4 + 1
    assert most_contacts(model, np.zeros((0, 2))) == 1  # Warp wants room for one


@needs_warp
def test_sensors_are_current_and_follow_native():
    model = mujoco.MjModel.from_xml_string(BALL)
    limits = SolverLimits(iterations=8, ls_iterations=16)
    found = {}
    for name in ("native", "warp"):
        engine = make_engine(name, model, num_substeps=3, mjx_limits=limits)
        state = jax.jit(engine.init)(jnp.asarray(model.qpos0, jnp.float32), jnp.full(6, 0.5))
        assert np.asarray(state.sensordata[:6]) == pytest.approx([0, 0, 1, 0.5, 0.5, 0.5])
        found[name] = jax.jit(engine.step)(state, jnp.array([2.0]))
    np.testing.assert_allclose(found["warp"].sensordata, found["native"].sensordata, atol=1e-5)
    np.testing.assert_allclose(found["warp"].qpos, found["native"].qpos, rtol=1e-5)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr("mujoco.mjx.warp.WARP_INSTALLED", False)
    assert "warp" not in available_engines()
    with pytest.raises(ValueError, match=r"pip install -e '\.\[warp\]'"):
        envs.make("hopper", "ood", "warp")
    with pytest.raises(UserError, match="NVIDIA Warp"):
        make_env("hopper", "ood", "warp")
