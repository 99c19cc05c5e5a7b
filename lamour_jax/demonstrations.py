"""Demonstrations: what a planner did to recover (`lamour_jax.planning`), to learn from.

A planner finds ways up that noise would not find in millions of steps, but thinks for seconds about
each; a learner makes a policy of them. Some episodes begin in states that planned ones came
through, so that what comes last is learned first, and a share of each batch is of planned steps.
Nothing says that the policy must act as the planner did: its critics learn what the steps are
worth.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from envs.base import RecoveryEnv
from envs.wrappers import StepResult
from lamour_jax.planning import PlannedEpisodes
from lamour_jax.recovery import RecoveryRule
from lamour_jax.rollout import transition_of
from lamour_jax.types import Transition


class Demonstrations(NamedTuple):
    """K control steps of planned episodes that recovered; arrays of NumPy.

    Attributes:
      qpos, qvel: [K, nq], [K, nv] where each began.
      action: [K, A].
      was_healthy: [K] bool, whether its episode had reached a healthy state by then.
    """

    qpos: np.ndarray
    qvel: np.ndarray
    action: np.ndarray
    was_healthy: np.ndarray


def recoveries_of(planned: PlannedEpisodes) -> Demonstrations:
    """The steps of those episodes that recovered, up to their ends."""
    steps = planned.steps
    times = np.arange(len(steps.healthy))[:, None]
    kept = (times < planned.lengths) & (planned.recovered_at >= 0)
    reached = np.logical_or.accumulate(steps.healthy, axis=0)
    before = np.concatenate([np.zeros_like(reached[:1]), reached[:-1]])
    parts = (steps.qpos, steps.qvel, steps.action, before)
    return Demonstrations(*(part[kept] for part in parts))


def joined(parts: list[Demonstrations]) -> Demonstrations:
    """All of them, one after another."""
    return Demonstrations(*map(np.concatenate, zip(*parts, strict=True)))


def relive(demonstrations: Demonstrations, env: RecoveryEnv, rule: RecoveryRule) -> Transition:
    """The steps [K] as `rule` rewards them, taken once more: of a population each member's differ
    in rewards."""

    def begin(qpos: jax.Array, qvel: jax.Array, was_healthy: jax.Array):
        robot = env.reset_to(qpos, qvel)
        episode = robot.pipeline_state
        was_healthy |= episode.was_healthy
        return robot.replace(pipeline_state=episode.replace(was_healthy=was_healthy))

    qpos, qvel, action, was_healthy = map(jnp.asarray, demonstrations)
    before = jax.vmap(begin)(qpos, qvel, was_healthy)
    after = jax.vmap(env.step)(before, action)
    result = StepResult.of(after, jnp.zeros_like(after.terminated))
    rewards = rule(before, action, result, jax.random.key(0))
    return transition_of(before, action, result, rewards)
