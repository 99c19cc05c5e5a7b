"""The native engine against Gymnasium's own environments, one control step from many states.

Gymnasium simulates in float64 and we hand on float32, so long trajectories part: instead both
take one step from the same state, rounded to float32. The floor is endless, so each state is first
moved to the origin, where float32 resolves a step's way forward as well as float64.
"""

from typing import NamedTuple

import gymnasium
import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import envs
from envs.base import EpisodeState
from envs.physics import PhysicsState
from lamour_jax.importing import actor_params, read_state_dict
from lamour_jax.networks import Actor
from tests.conftest import released_actor

NUM_STATES = 1000
TOLERANCE = {"rtol": 1e-4, "atol": 1e-4}
GYMNASIUM = {
    "ant": (
        "Ant-v5",
        {"include_cfrc_ext_in_observation": False, "contact_cost_weight": 0.0},
    ),
    "half_cheetah": ("HalfCheetah-v5", {}),
    "hopper": ("Hopper-v5", {}),
    "walker2d": (
        "Walker2d-v5",
        {"healthy_z_range": (0.9, 2.0), "healthy_angle_range": (-0.3, 0.3)},
    ),
}


class States(NamedTuple):
    """Where a step begins, [N, ...] float32."""

    qpos: np.ndarray
    qvel: np.ndarray
    warmstart: np.ndarray
    action: np.ndarray


class Steps(NamedTuple):
    """What a step reached, [N, ...].

    The reward is without the bonus for health, which Gymnasium's v5 pays to the healthy only.
    """

    obs: np.ndarray
    reward: np.ndarray
    healthy: np.ndarray


def make_peer(robot: str, env, folder):
    """Gymnasium's environment on our edited model."""
    name, settings = GYMNASIUM[robot]
    xml = folder / f"{robot}.xml"
    spec = env.build_spec()
    spec.compile()
    xml.write_text(spec.to_xml())
    peer = gymnasium.make(name, xml_file=str(xml), **settings).unwrapped
    assert peer.dt == env.dt
    # XML keeps six digits, which is enough to part two simulations at a contact.
    peer.model, peer.data = env.model, mujoco.MjData(env.model)
    return peer


def visit(peer, act) -> tuple[States, np.ndarray]:
    """States on the way of `act`, through falls and resets, and Gymnasium's own rewards there."""
    rows, rewards = [], []
    obs, _ = peer.reset(seed=0)
    since_reset = 0
    for _ in range(NUM_STATES):
        action = np.asarray(act(obs), np.float32)
        qpos = peer.data.qpos.copy()
        qpos[0] = 0.0
        rows.append((qpos, peer.data.qvel.copy(), peer.data.qacc_warmstart.copy(), action))
        obs, reward, terminated, _, info = peer.step(action)
        rewards.append(reward - info.get("reward_survive", 0.0))
        since_reset += 1
        # Falls are part of it: some twenty steps beyond the end of the task's own rule.
        if (terminated and since_reset > 20) or since_reset == 500:
            obs, _ = peer.reset()
            since_reset = 0
    states = States(*(np.array(column, np.float32) for column in zip(*rows, strict=True)))
    return states, np.array(rewards)


def peer_steps(peer, states: States) -> Steps:
    """Gymnasium's steps, with the speed forward taken of `x_position`.

    That changes Ant only, whose own speed is the difference of two `xpos`, which MuJoCo's
    Runge-Kutta steps leave at their last stage's guess (see the last test).
    """
    reached = []
    for qpos, qvel, warmstart, action in zip(*states, strict=True):
        data = peer.data
        data.qpos[:], data.qvel[:], data.qacc_warmstart[:] = qpos, qvel, warmstart
        obs, reward, terminated, _, info = peer.step(action)
        reward += (info["x_position"] - qpos[0]) / peer.dt - info["reward_forward"]
        reached.append((obs, reward - info.get("reward_survive", 0.0), not terminated))
    return Steps(*(np.array(column) for column in zip(*reached, strict=True)))


def our_steps(robot: str, env, states: States) -> Steps:
    def one(state: States):
        physics = PhysicsState(state.qpos, state.qvel, state.warmstart, jnp.zeros(0))
        begun = env.reset_to(state.qpos, state.qvel)
        begun = begun.replace(pipeline_state=EpisodeState(physics, jnp.ones((), bool)))
        return env.step(begun, state.action)

    reached = jax.jit(jax.vmap(one))(jax.tree.map(jnp.asarray, states))
    bonus = 0.0 if robot == "half_cheetah" else 1.0
    # The latch is set, so an episode ends exactly where the robot is not healthy.
    np.testing.assert_array_equal(reached.terminated, ~np.asarray(reached.healthy))
    return Steps(
        np.asarray(reached.obs),
        np.asarray(reached.task_reward) - bonus,
        np.asarray(reached.healthy),
    )


def expected_health(robot: str, peer: Steps) -> np.ndarray:
    """Gymnasium's rule, or ours where it has none, by SciPy."""
    if robot == "half_cheetah":
        return np.abs(peer.obs[:, 1]) <= np.pi / 2
    if robot == "ant":
        w, x, y, z = peer.obs[:, 1:5].T
        roll = Rotation.from_quat(np.stack([x, y, z, w], 1)).as_euler("ZYX")[:, 2]
        return peer.healthy & (np.abs(roll) <= np.pi / 2)
    return peer.healthy


def random_actions(robot: str, env):
    rng = np.random.default_rng(1)
    return lambda obs: rng.uniform(-1, 1, env.action_size)


def released_actions(robot: str, env):
    params = actor_params(read_state_dict(released_actor(robot)), robot, env.observation_size)
    mean = jax.jit(lambda obs: Actor(env.action_size).apply(params, obs)[0])
    return lambda obs: np.tanh(mean(obs.astype(np.float32)))


@pytest.mark.parametrize("actions", [random_actions, released_actions])
@pytest.mark.parametrize("robot", GYMNASIUM)
def test_one_control_step_is_gymnasiums(robot, actions, tmp_path):
    env = envs.make(robot, "normal", "native")
    act = actions(robot, env)
    peer = make_peer(robot, env, tmp_path)
    states, _ = visit(peer, act)
    theirs, ours = peer_steps(peer, states), our_steps(robot, env, states)
    np.testing.assert_allclose(ours.obs, theirs.obs, **TOLERANCE)
    np.testing.assert_allclose(ours.reward, theirs.reward, **TOLERANCE)
    np.testing.assert_array_equal(ours.healthy, expected_health(robot, theirs))


@pytest.mark.parametrize("actions", [random_actions, released_actions])
def test_ants_rewards_add_up_to_gymnasiums_own(actions, tmp_path):
    """What the guess at a step's end gives one step too much, the next gets too little."""
    env = envs.make("ant", "normal", "native")
    peer = make_peer("ant", env, tmp_path)
    states, their_rewards = visit(peer, actions("ant", env))
    ours = our_steps("ant", env, states).reward
    assert np.abs(ours - their_rewards).max() > 0.01
    assert abs(ours.mean() - their_rewards.mean()) < 1e-3
