"""Collecting transitions: knows environments and rewards, no algorithm."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from envs.base import RecoveryState
from envs.hashing import hashed_uniform, key_words
from envs.wrappers import StepResult, VectorEnv, VectorState
from lamour_jax.recovery import RecoveryRule, Rewards
from lamour_jax.types import Metrics, Transition

# (obs [N, O], key) -> (actions [N, A], what the algorithm wants kept of them)
Act = Callable[[jax.Array, jax.Array], tuple[jax.Array, Any]]

_RULE = 0x5E20  # the rule's share of a step's key; far from any number that `act` splits it into


class Rollout(NamedTuple):
    """What `collect` gathered.

    Attributes:
      transitions: [T, N, ...].
      valid: [T, N] bool, false where a robot's simulation broke; such transitions hold finite
        but meaningless numbers and must not be learned from.
      over: [T, N] bool, the episode ended with this step, by the rules or by the time limit.
      extras: what `act` gave beside actions, [T, N, ...].
      metrics: means over the valid transitions, and counts.
    """

    transitions: Transition
    valid: jax.Array
    over: jax.Array
    extras: Any
    metrics: Metrics


def collect(
    env: VectorEnv,
    rule: RecoveryRule,
    act: Act,
    robots: VectorState,
    key: jax.Array,
    length: int,
    limit: jax.Array | None = None,
) -> tuple[VectorState, Rollout]:
    """Steps all robots `length` times with `act`; their episodes are cut after `limit` []
    control steps, where that is not the environment's."""

    def one_step(robots: VectorState, key: jax.Array):
        before = robots.robots
        action, extras = act(before.obs, key)
        robots, reached = env.step(robots, action, limit)
        rewards = rule(before, action, reached, jax.random.fold_in(key, _RULE))
        transition = transition_of(before, action, reached, rewards)
        over = reached.terminated | reached.truncated
        return robots, (transition, reached.valid, over, extras, rewards.sound)

    robots, (transitions, valid, over, extras, sound) = jax.lax.scan(
        one_step, robots, jax.random.split(key, length)
    )
    metrics = {
        **_summarise(transitions, valid),
        "recovery/unsound_rewards": jnp.sum(valid & ~sound).astype(jnp.float32),
    }
    return robots, Rollout(transitions, valid, over, extras, metrics)


def transition_of(
    before: RecoveryState, action: jax.Array, reached: StepResult, rewards: Rewards
) -> Transition:
    """What is learned from a control step of N robots: [N, ...]."""
    return Transition(
        obs=before.obs,
        action=action,
        reward=rewards.reward,
        discount=1.0 - reached.terminated.astype(jnp.float32),
        next_obs=reached.obs,
        aux_reward=rewards.aux_reward,
        recovered=rewards.recovered,
        healthy=reached.healthy.astype(jnp.float32),
    )


def random_actions(action_size: int) -> Act:
    """Uniform actions [N, A] in [-1, 1], whatever is observed; nothing is kept of them."""

    def act(obs: jax.Array, key: jax.Array) -> tuple[jax.Array, None]:
        return 2.0 * hashed_uniform(key_words(key), (obs.shape[0], action_size)) - 1.0, None

    return act


def blank_transition(observation_size: int, action_size: int) -> Transition:
    """A transition of zeros, for its shapes."""
    scalar, obs = jnp.zeros(()), jnp.zeros(observation_size)
    return Transition(obs, jnp.zeros(action_size), scalar, scalar, obs, scalar, scalar, scalar)


def _summarise(transitions: Transition, valid: jax.Array) -> Metrics:
    count = jnp.maximum(jnp.sum(valid), 1)

    def mean(x: jax.Array) -> jax.Array:
        return jnp.sum(jnp.where(valid, x, 0.0)) / count

    return {
        "recovery/healthy": mean(transitions.healthy),
        "recovery/recovered": mean(transitions.recovered),
        "recovery/aux_reward": mean(transitions.aux_reward),
        "train/reward": mean(transitions.reward),
        "train/broken_robots": jnp.sum(~valid).astype(jnp.float32),
    }
