"""Which reward counts in which state: LaMOuR and its baselines differ here and nowhere else.

r_total = r + aux_coef * [s' is unhealthy] * calculate_reward(s', a)
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from lamour_jax.types import RewardFunctions, Transition

METHODS = ("lamour", "sac_env", "sac_zero")


class RecoveryRule(NamedTuple):
    """A method's rewards for a batch of robots.

    Attributes:
      env_reward: (reward [N], task_reward [N]) -> [N], the environment's part. The first is zero
        in unhealthy states, the second is not.
      aux_reward: (reward_inputs' [N, D], action [N, A], healthy' [N]) -> [N], unweighted.
      recovered: reward_inputs [N, D] -> [N], the consolidation term's weight at s.
    """

    env_reward: Callable[[jax.Array, jax.Array], jax.Array]
    aux_reward: Callable[[jax.Array, jax.Array, jax.Array], jax.Array]
    recovered: Callable[[jax.Array], jax.Array]


def make_rule(method: str, program: RewardFunctions | None = None) -> RecoveryRule:
    """The rewards of `method`; "lamour" needs a reward program.

    Raises:
      ValueError: an unknown method, or a program missing.
    """
    if method == "lamour":
        if program is None:
            raise ValueError("method lamour needs a reward program")
        return _lamour(program)
    if method == "sac_zero":
        return RecoveryRule(lambda reward, _: reward, _no_aux_reward, _never_recovered)
    if method == "sac_env":
        return RecoveryRule(lambda _, task_reward: task_reward, _no_aux_reward, _never_recovered)
    raise ValueError(f"unknown method {method!r}: choose one of {', '.join(METHODS)}")


def total_reward(transition: Transition, aux_coef: float) -> jax.Array:
    """The reward that learning sees; the only place where the two parts are added."""
    return transition.reward + aux_coef * transition.aux_reward


def _lamour(program: RewardFunctions) -> RecoveryRule:
    def aux_reward(inputs: jax.Array, action: jax.Array, healthy: jax.Array) -> jax.Array:
        return jnp.where(healthy, 0.0, jax.vmap(program.calculate_reward)(inputs, action))

    def recovered(inputs: jax.Array) -> jax.Array:
        return jax.vmap(program.is_recovered)(inputs).astype(jnp.float32)

    return RecoveryRule(lambda reward, _: reward, aux_reward, recovered)


def _no_aux_reward(inputs: jax.Array, action: jax.Array, healthy: jax.Array) -> jax.Array:
    del inputs, action
    return jnp.zeros(healthy.shape)


def _never_recovered(inputs: jax.Array) -> jax.Array:
    return jnp.zeros(inputs.shape[0])
