"""The translated program as jnp functions of one state, to be vmapped and jitted into a rollout."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import jax
import jax.numpy as jnp

JNP_FILE = "reward_jnp.py"


@dataclass(frozen=True)
class RewardProgram:
    """A verified reward: pure jnp functions of one state [D] and one action [A].

    `is_recovered` gives 0.0 or 1.0, `calculate_reward` a scalar, both float32. Where the code
    itself comes to a non-finite number though the state is finite, the state counts as not
    recovered and gets `lowest_reward`, the lowest seen in verification; `is_sound` says where that
    was not needed, so that a rollout can count.
    """

    is_recovered: Callable[[jax.Array], jax.Array]
    calculate_reward: Callable[[jax.Array, jax.Array], jax.Array]
    is_sound: Callable[[jax.Array, jax.Array], jax.Array]
    lowest_reward: float
    sha256: str
    state_size: int
    action_size: int


def load_functions(jnp_source: str, place: str = JNP_FILE) -> SimpleNamespace:
    """The two functions of jnp source that our own translator has just written.

    Only such source may come here: it is executed with all of Python at hand.
    """
    namespace: dict[str, object] = {"__name__": "reward_jnp"}
    linecache.cache[place] = (len(jnp_source), None, jnp_source.splitlines(True), place)
    exec(compile(jnp_source, place, "exec"), namespace)
    return SimpleNamespace(
        is_recovered=namespace["is_recovered"], calculate_reward=namespace["calculate_reward"]
    )


def make_program(
    jnp_source: str, *, lowest_reward: float, sha256: str, state_size: int, action_size: int
) -> RewardProgram:
    """The program with its guards against numbers that are not finite."""
    functions = load_functions(jnp_source)

    def raw_recovered(state: jax.Array) -> jax.Array:
        return as_scalar(functions.is_recovered(state))

    def raw_reward(state: jax.Array, action: jax.Array) -> jax.Array:
        return as_scalar(functions.calculate_reward(state, action))

    def is_recovered(state: jax.Array) -> jax.Array:
        """1.0 where the original task can be done again."""
        recovered = raw_recovered(state)
        return jnp.where(jnp.isfinite(recovered), recovered, 0.0)

    def calculate_reward(state: jax.Array, action: jax.Array) -> jax.Array:
        """The recovery reward."""
        reward = raw_reward(state, action)
        return jnp.where(jnp.isfinite(reward), reward, lowest_reward)

    def is_sound(state: jax.Array, action: jax.Array) -> jax.Array:
        """True where both functions come to a finite number."""
        return jnp.isfinite(raw_recovered(state)) & jnp.isfinite(raw_reward(state, action))

    return RewardProgram(
        is_recovered, calculate_reward, is_sound, lowest_reward, sha256, state_size, action_size
    )


def as_scalar(result: object) -> jax.Array:
    """A result of reward code, which may be a Python number or hold one element, as a float []."""
    return jnp.asarray(result, float).reshape(())
