"""Collecting transitions: knows environments and rewards, no algorithm."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from envs.wrappers import VectorEnv, VectorState
from lamour_jax.recovery import RecoveryRule
from lamour_jax.types import Metrics, Transition

Act = Callable[[jax.Array, jax.Array], jax.Array]  # (obs [N, O], key) -> actions [N, A]


class Rollout(NamedTuple):
    """What `collect` gathered.

    Attributes:
      transitions: [T, N, ...].
      valid: [T, N] bool, false where a robot's simulation broke; such transitions hold finite
        but meaningless numbers and must not be learned from.
      metrics: means over the valid transitions, and counts.
    """

    transitions: Transition
    valid: jax.Array
    metrics: Metrics


def collect(
    env: VectorEnv, rule: RecoveryRule, act: Act, robots: VectorState, key: jax.Array, length: int
) -> tuple[VectorState, Rollout]:
    """Steps all robots `length` times with `act`."""

    def one_step(robots: VectorState, key: jax.Array):
        obs, inputs = robots.robots.obs, robots.robots.reward_inputs
        action = act(obs, key)
        robots, reached = env.step(robots, action)
        transition = Transition(
            obs=obs,
            action=action,
            reward=rule.env_reward(reached.reward, reached.task_reward),
            discount=1.0 - reached.terminated.astype(jnp.float32),
            next_obs=reached.obs,
            aux_reward=rule.aux_reward(reached.reward_inputs, action, reached.healthy),
            recovered=rule.recovered(inputs),
        )
        sound = rule.sound(reached.reward_inputs, action)
        return robots, (transition, reached.valid, reached.healthy, sound)

    robots, (transitions, valid, healthy, sound) = jax.lax.scan(
        one_step, robots, jax.random.split(key, length)
    )
    metrics = {
        **_summarise(transitions, valid, healthy),
        "recovery/unsound_rewards": jnp.sum(valid & ~sound).astype(jnp.float32),
    }
    return robots, Rollout(transitions, valid, metrics)


def _summarise(transitions: Transition, valid: jax.Array, healthy: jax.Array) -> Metrics:
    count = jnp.maximum(jnp.sum(valid), 1)

    def mean(x: jax.Array) -> jax.Array:
        return jnp.sum(jnp.where(valid, x, 0.0)) / count

    return {
        "recovery/healthy": mean(healthy),
        "recovery/recovered": mean(transitions.recovered),
        "recovery/aux_reward": mean(transitions.aux_reward),
        "train/reward": mean(transitions.reward),
        "train/broken_robots": jnp.sum(~valid).astype(jnp.float32),
    }
