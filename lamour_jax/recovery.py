"""Which reward counts in which state: LaMOuR and its baselines differ here and nowhere else.

r_total = r + aux_coef * [s' is unhealthy] * calculate_reward(s', a)
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from lamour_jax.population import by_member
from lamour_jax.types import RewardFunctions, Transition

METHODS = ("lamour", "lamour_healthy_gate", "sac_env", "sac_zero")


class RecoveryRule(NamedTuple):
    """A method's rewards for a batch of robots.

    Attributes:
      env_reward: (reward [N], task_reward [N]) -> [N], the environment's part. The first is zero
        in unhealthy states, the second is not.
      aux_reward: (reward_inputs' [N, D], action [N, A], healthy' [N]) -> [N], unweighted.
      recovered: (reward_inputs [N, D], healthy [N]) -> [N], the consolidation term's weight at s.
      sound: (reward_inputs' [N, D], action [N, A]) -> [N] bool, false where the program came to no
        finite number and a substitute was taken.
    """

    env_reward: Callable[[jax.Array, jax.Array], jax.Array]
    aux_reward: Callable[[jax.Array, jax.Array, jax.Array], jax.Array]
    recovered: Callable[[jax.Array, jax.Array], jax.Array]
    sound: Callable[[jax.Array, jax.Array], jax.Array]


def learns_from_programs(method: str) -> bool:
    """Whether `method` needs reward programs; the baselines have rewards of their own."""
    return method in ("lamour", "lamour_healthy_gate")


def make_rule(method: str, programs: Sequence[RewardFunctions] = ()) -> RecoveryRule:
    """The rewards of `method`; those that learn from programs need one.

    "lamour_healthy_gate" is LaMOuR that consolidates wherever the environment calls the robot
    healthy, whatever the program's is_recovered says: an ablation.

    K programs make the rule of a population of K or a multiple, to be used under one `jax.vmap`
    over members: the first part is rewarded by programs[0], the next by programs[1], and so on.

    Raises:
      ValueError: an unknown method, or a program missing.
    """
    if learns_from_programs(method):
        if not programs:
            raise ValueError(f"method {method} needs a reward program")
        rule = _lamour(programs)
        return rule if method == "lamour" else rule._replace(recovered=_healthy_gate)
    if method == "sac_zero":
        return _without_program(lambda reward, _: reward)
    if method == "sac_env":
        return _without_program(lambda _, task_reward: task_reward)
    raise ValueError(f"unknown method {method!r}: choose one of {', '.join(METHODS)}")


def total_reward(transition: Transition, aux_coef: float) -> jax.Array:
    """The reward that learning sees; the only place where the two parts are added."""
    return transition.reward + aux_coef * transition.aux_reward


def _lamour(programs: Sequence[RewardFunctions]) -> RecoveryRule:
    reward = by_member([jax.vmap(program.calculate_reward) for program in programs])
    gate = by_member([jax.vmap(program.is_recovered) for program in programs])

    def aux_reward(inputs: jax.Array, action: jax.Array, healthy: jax.Array) -> jax.Array:
        return jnp.where(healthy, 0.0, reward(inputs, action))

    return RecoveryRule(
        env_reward=lambda reward, _: reward,
        aux_reward=aux_reward,
        recovered=lambda inputs, healthy: gate(inputs).astype(jnp.float32),
        sound=by_member([jax.vmap(program.is_sound) for program in programs]),
    )


def _healthy_gate(inputs: jax.Array, healthy: jax.Array) -> jax.Array:
    return healthy.astype(jnp.float32)


def _without_program(env_reward: Callable[[jax.Array, jax.Array], jax.Array]) -> RecoveryRule:
    return RecoveryRule(
        env_reward=env_reward,
        aux_reward=lambda inputs, action, healthy: jnp.zeros(healthy.shape),
        recovered=lambda inputs, healthy: jnp.zeros(inputs.shape[0]),
        sound=lambda inputs, action: jnp.ones(inputs.shape[0], bool),
    )
