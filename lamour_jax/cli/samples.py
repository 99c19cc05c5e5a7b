"""States to verify reward code on: where its robot really gets to, and where it never should."""

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from envs.base import RecoveryEnv
from lamour_jax.rewardcode import SampleStates

COUNT = 128  # of each kind
HORIZON = 20  # control steps of random actions that lead on from a start
PATH_LENGTH = 17  # poses from the OOD pose to the normal one
SEED = 7


def sample_states(normal: RecoveryEnv, ood: RecoveryEnv) -> SampleStates:
    """Random, healthy and out-of-distribution states of one robot.

    Args:
      normal: the robot at its normal start; states on the way from there that are still healthy
        are the healthy ones.
      ood: the robot at its OOD start.
    """
    rng = np.random.default_rng(SEED)
    standing, is_healthy = _visited(normal, jax.random.key(SEED))
    fallen, _ = _visited(ood, jax.random.key(SEED + 1))
    healthy = standing[is_healthy]
    spread = np.concatenate([standing, fallen]).std(axis=0) + 1.0
    random = rng.normal(scale=2.0 * spread, size=(COUNT, standing.shape[1]))
    return SampleStates(
        random=random,
        healthy=healthy[rng.permutation(len(healthy))[:COUNT]],
        ood=fallen[rng.permutation(len(fallen))[:COUNT]],
        actions=rng.uniform(-1.0, 1.0, (COUNT, normal.action_size)),
        path=_path(normal, ood),
    )


def _path(normal: RecoveryEnv, ood: RecoveryEnv) -> np.ndarray:
    """reward_inputs [PATH_LENGTH, D] at rest along the straight line in qpos from the OOD pose to
    the normal one."""
    share = np.linspace(0.0, 1.0, PATH_LENGTH)[:, None]
    qpos = (1.0 - share) * ood.ood_start().qpos + share * normal.normal_start().qpos
    for joint in np.flatnonzero(normal.model.jnt_type == mujoco.mjtJoint.mjJNT_FREE.value):
        first = int(normal.model.jnt_qposadr[joint]) + 3
        quaternion = qpos[:, first : first + 4]
        quaternion /= np.linalg.norm(quaternion, axis=1, keepdims=True)
    at_rest = jax.jit(jax.vmap(lambda q: ood.reset_to(q, jnp.zeros(ood.model.nv)).reward_inputs))
    return np.asarray(at_rest(jnp.asarray(qpos, jnp.float32)), float)


def _visited(env: RecoveryEnv, key: jax.Array) -> tuple[np.ndarray, np.ndarray]:
    """reward_inputs [B, D] and health [B] at the start and along a few steps of random actions."""
    reset_key, action_key = jax.random.split(key)

    @jax.jit
    def play(reset_key, action_key):
        start = jax.vmap(env.reset)(jax.random.split(reset_key, COUNT // 4))
        shape = (HORIZON, COUNT // 4, env.action_size)

        def step(state, action):
            state = jax.vmap(env.step)(state, action)
            return state, (state.reward_inputs, state.healthy)

        actions = jax.random.uniform(action_key, shape, minval=-1.0)
        _, later = jax.lax.scan(step, start, actions)
        first = (start.reward_inputs[None], start.healthy[None])
        return jax.tree.map(lambda a, b: jnp.concatenate([a, b]), first, later)

    inputs, healthy = jax.device_get(play(reset_key, action_key))
    return inputs.reshape(-1, inputs.shape[-1]).astype(float), healthy.reshape(-1)
