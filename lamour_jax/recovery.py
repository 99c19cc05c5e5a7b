"""Which reward counts in which state: LaMOuR and its baselines differ here and nowhere else.

    r_total = r + aux_coef * [s' is unhealthy] * aux(s', a)

The consolidation term is weighted by a number of s. Both are the method's:

    method      r             aux(s', a)                weight at s
    lamour      environment   calculate_reward(s', a)   is_recovered(s)
    sero        environment   -uncertainty(s')          1 - uncertainty(s)
    sac_zero    environment   0                         0
    sac_env     task          0                         0
    sac_t2r     environment   calculate_reward(s', a)   0

The environment's reward is zero in unhealthy states, the task's is not. The program of "sac_t2r" is
written from the task's text alone (Xie et al., 2024, Text2Reward, arXiv 2309.11489).
"lamour_healthy_gate" is an ablation: LaMOuR with the weight 1 wherever the environment calls s
healthy, whatever the program's is_recovered says.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from envs.base import RecoveryState
from envs.wrappers import StepResult
from lamour_jax.config import LearnerConfig
from lamour_jax.population import by_member
from lamour_jax.types import RewardFunctions, Transition

METHODS = {  # what they are rewarded with
    "lamour": "the task's reward in healthy states, a language model's in unhealthy ones",
    "lamour_healthy_gate": "the same; held where the environment, not the program, is content",
    "sac_env": "the task's reward everywhere",
    "sac_zero": "the task's reward in healthy states",
    "sac_t2r": "the same; in others, what a language model wrote from the task's text alone",
    "sero": "the task's reward in healthy states, less the original policy's uncertainty in others",
}


class Rewards(NamedTuple):
    """What a method makes of one control step (s, a, s') of N robots.

    Attributes:
      reward: [N] the environment's part.
      aux_reward: [N] the recovery reward, unweighted; 0 where s' is healthy.
      recovered: [N] the consolidation term's weight at s, in [0, 1].
      sound: [N] bool, false where a reward program came to no finite number and a substitute was
        taken.
    """

    reward: jax.Array
    aux_reward: jax.Array
    recovered: jax.Array
    sound: jax.Array


# (s, actions [N, A], s' as it was reached, key) -> Rewards
RecoveryRule = Callable[[RecoveryState, jax.Array, StepResult, jax.Array], Rewards]
# (obs [..., O], key) -> [...] in [0, 1]
Uncertainty = Callable[[jax.Array, jax.Array], jax.Array]


def learns_from_programs(method: str) -> bool:
    """Whether `method` needs reward programs; the baselines have rewards of their own."""
    return method in ("lamour", "lamour_healthy_gate", "sac_t2r")


def learns_from_text(method: str) -> bool:
    """Whether `method`'s programs are written from text alone, without picture and reasoning."""
    return method == "sac_t2r"


def learns_from_uncertainty(method: str) -> bool:
    """Whether `method` needs the original policy's uncertainty."""
    return method == "sero"


def make_rule(
    method: str,
    programs: Sequence[RewardFunctions] = (),
    uncertainty: Uncertainty | None = None,
) -> RecoveryRule:
    """The rewards of `method`; "lamour" needs a reward program, "sero" an uncertainty.

    K programs make the rule of a population of K or a multiple, to be used under one `jax.vmap`
    over members: the first part is rewarded by programs[0], the next by programs[1], and so on.

    Raises:
      ValueError: an unknown method, or what it needs is missing.
    """
    if learns_from_programs(method):
        if not programs:
            raise ValueError(f"method {method} needs a reward program")
        rule = _lamour(programs)
        if method == "lamour_healthy_gate":
            return _held_by(rule, lambda before: before.healthy)
        if method == "sac_t2r":
            return _held_by(rule, lambda before: jnp.zeros(len(before.obs)))
        return rule
    if learns_from_uncertainty(method):
        if uncertainty is None:
            raise ValueError("method sero needs the original policy's uncertainty")
        return _sero(uncertainty)
    if method == "sac_zero":
        return lambda before, action, after, key: _unaided(after, after.reward)
    if method == "sac_env":
        return lambda before, action, after, key: _unaided(after, after.task_reward)
    raise ValueError(f"unknown method {method!r}: choose one of {', '.join(METHODS)}")


def total_reward(transition: Transition, aux_coef: float) -> jax.Array:
    """The reward that learning sees; the only place where the two parts are added."""
    return transition.reward + aux_coef * transition.aux_reward


def gamma_of(transition: Transition, config: LearnerConfig) -> jax.Array:
    """The coefficient of discounting, of s' (White, 2017, arXiv 1609.01995): [...].

    The original task's discount says what the original policy does at its end. To recover may take
    longer than that looks ahead.
    """
    gamma, unhealthy = config.gamma, config.recovery_gamma
    return jnp.where(transition.healthy > 0.0, gamma, gamma if unhealthy is None else unhealthy)


def _lamour(programs: Sequence[RewardFunctions]) -> RecoveryRule:
    calculate_reward = by_member([jax.vmap(program.calculate_reward) for program in programs])
    is_recovered = by_member([jax.vmap(program.is_recovered) for program in programs])
    is_sound = by_member([jax.vmap(program.is_sound) for program in programs])

    def rule(
        before: RecoveryState, action: jax.Array, after: StepResult, key: jax.Array
    ) -> Rewards:
        aux_reward = calculate_reward(after.reward_inputs, action)
        return _unaided(after, after.reward)._replace(
            aux_reward=jnp.where(after.healthy, 0.0, aux_reward),
            recovered=is_recovered(before.reward_inputs).astype(jnp.float32),
            sound=is_sound(after.reward_inputs, action),
        )

    return rule


def _held_by(rule: RecoveryRule, weight: Callable[[RecoveryState], jax.Array]) -> RecoveryRule:
    """`rule` with another weight [N] of the consolidation term, of s."""

    def held(
        before: RecoveryState, action: jax.Array, after: StepResult, key: jax.Array
    ) -> Rewards:
        rewards = rule(before, action, after, key)
        return rewards._replace(recovered=weight(before).astype(jnp.float32))

    return held


def _sero(uncertainty: Uncertainty) -> RecoveryRule:
    """Kim et al., 2023 (SeRO, arXiv 2311.03651)."""

    def rule(
        before: RecoveryState, action: jax.Array, after: StepResult, key: jax.Array
    ) -> Rewards:
        # In one batch; on an axis of their own, robots stay where they are on their devices.
        at_s, at_next_s = uncertainty(jnp.stack([before.obs, after.obs]), key)
        return _unaided(after, after.reward)._replace(
            aux_reward=jnp.where(after.healthy, 0.0, -at_next_s),
            recovered=1.0 - at_s,
        )

    return rule


def _unaided(after: StepResult, reward: jax.Array) -> Rewards:
    """`reward`, with nothing added and nothing to hold the policy."""
    nothing = jnp.zeros_like(reward)
    return Rewards(reward, nothing, nothing, jnp.ones(after.healthy.shape, bool))
