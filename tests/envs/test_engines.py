"""MJX and Warp with few solver iterations against native MuJoCo: single control steps from states
visited, and the returns of released policies.

The bounds hold for the iterations in the environments' `mjx_limits`; docs/physics.md has the
measurements from which they were chosen.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import envs
from envs.physics import available_engines
from lamour_jax.evaluation import make_play
from lamour_jax.importing import actor_params, read_state_dict
from lamour_jax.networks import Actor
from tests.conftest import released_actor

# The share of states that has to agree. Where a steep capsule stands on the floor, as a leg of the
# ant does at times and some limb of a fallen Humanoid often, MJX and Warp turn the pyramid of
# friction another way than native MuJoCo (docs/physics.md).
# PushChair's quick hands and light wheels magnify what a contact makes of a rounding.
AGREEING = {
    "hopper": 0.99,
    "half_cheetah": 0.99,
    "walker2d": 0.99,
    "ant": 0.95,
    "humanoid": 0.85,
    "push_chair": 0.9,
}
# The Humanoid's limbs turn at some ten rad/s under random actions: a float32 has less of them.
TYPICAL_ERROR = {"humanoid": 1e-4}
ROBOTS, STEPS, EVERY = 8, 160, 5  # every fifth state of eight robots from both starts: 512
slow = pytest.mark.slow
needs_warp = pytest.mark.skipif("warp" not in available_engines(), reason="warp-lang is missing")
each_engine = pytest.mark.parametrize("engine", ["mjx", pytest.param("warp", marks=needs_warp)])


def visited(robot: str):
    """(states, actions) on the way of random actions from both starts, by the native engine."""

    def way(start):
        env = envs.make(robot, start, "native")
        keys = jax.random.split(jax.random.key(0), ROBOTS)
        shape = (STEPS, ROBOTS, env.action_size)
        actions = jax.random.uniform(jax.random.key(1), shape, minval=-1.0)

        def one_step(state, action):
            return jax.vmap(env.step)(state, action), (state, action)

        return jax.lax.scan(one_step, jax.vmap(env.reset)(keys), actions)[1]

    parts = [jax.jit(way, static_argnums=0)(start) for start in ("normal", "ood")]
    return jax.tree.map(
        lambda *x: jnp.concatenate([jnp.concatenate(list(part[::EVERY])) for part in x]), *parts
    )


@each_engine
@pytest.mark.parametrize(
    "robot",
    [
        "hopper",
        pytest.param("half_cheetah", marks=slow),
        pytest.param("walker2d", marks=slow),
        pytest.param("ant", marks=slow),
        pytest.param("humanoid", marks=slow),
        pytest.param("push_chair", marks=slow),
    ],
)
def test_one_control_step_agrees_with_native(robot, engine):
    states, actions = visited(robot)
    native, other = (
        jax.jit(jax.vmap(envs.make(robot, "ood", name).step))(states, actions)
        for name in ("native", engine)
    )
    assert np.asarray(other.valid).all()  # Warp has room for all contacts, too
    assert len(actions) == 512
    error = np.abs(np.asarray(other.obs) - np.asarray(native.obs)).max(axis=1)
    # Both simulate in their own precision; a contact that opens or closes within the step
    # magnifies what a float32 loses.
    assert np.median(error) < TYPICAL_ERROR.get(robot, 2e-5)
    assert np.quantile(error, AGREEING[robot]) < 2e-3
    difference = np.abs(np.asarray(other.task_reward - native.task_reward))
    assert np.quantile(difference, AGREEING[robot]) < 1e-2
    assert np.mean(np.asarray(other.healthy) == np.asarray(native.healthy)) > 0.995


@slow
@each_engine
@pytest.mark.parametrize("robot", ["hopper", "half_cheetah", "walker2d", "ant"])
def test_a_released_policy_keeps_its_return(robot, engine):
    returns = {}
    for name in ("native", engine):
        env = envs.make(robot, "normal", name)
        params = actor_params(read_state_dict(released_actor(robot)), robot, env.observation_size)
        play = jax.jit(make_play(env, Actor(env.action_size)))
        starts = env.draw_starts(jax.random.key(0), 8)
        returns[name] = np.asarray(play(params, *starts).returns)
    assert np.median(returns["native"]) > 3000
    assert np.median(returns[engine]) > 0.95 * np.median(returns["native"])
