"""The types that modules of the method hand to one another."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import jax
from flax import struct

Metrics = dict[str, jax.Array]
Params = Any  # a pytree of arrays


class Transition(NamedTuple):
    """One control step (s, a, r, s'), or [T, B, ...] of them.

    Rewards stay apart until `recovery.total_reward` adds them up.

    Attributes:
      obs: [O] s.
      action: [A] a, in [-1, 1].
      reward: [] the environment's reward (which one the method says).
      discount: [] 0 where s' ended the episode by the rules, else 1; a time limit leaves it 1.
      next_obs: [O] s', the true terminal observation where the episode ended.
      aux_reward: [] the recovery reward of (s', a), unweighted; 0 where s' is healthy.
      recovered: [] weight in [0, 1] of the consolidation term at s.
      healthy: [] 1 where s' is healthy, else 0.
    """

    obs: jax.Array
    action: jax.Array
    reward: jax.Array
    discount: jax.Array
    next_obs: jax.Array
    aux_reward: jax.Array
    recovered: jax.Array
    healthy: jax.Array


class RewardFunctions(Protocol):
    """A verified reward program: jnp functions of one state, to be vmapped."""

    @property
    def is_recovered(self) -> Callable[[jax.Array], jax.Array]:
        """state [D] -> [] 0 or 1."""
        ...

    @property
    def calculate_reward(self) -> Callable[[jax.Array, jax.Array], jax.Array]:
        """(state [D], action [A]) -> []."""
        ...

    @property
    def is_sound(self) -> Callable[[jax.Array, jax.Array], jax.Array]:
        """(state [D], action [A]) -> [] bool: the program itself came to finite numbers."""
        ...


class TrainState(struct.PyTreeNode):
    """Everything that a resumed run needs; vmapped for seeds and for reward candidates.

    Attributes:
      learner: the algorithm's own state (parameters, optimisers, replay, ...).
      robots: the vector environment's state.
      key: the randomness of acting and learning.
      updates: [] int32, gradient updates so far.
    """

    learner: Any
    robots: Any
    key: jax.Array
    updates: jax.Array


class Agent(NamedTuple):
    """A learning algorithm as pure functions. `original` is the frozen original policy's
    parameters: an argument of its own, since it is shared and never trained.

    Attributes:
      init: (key, original) -> TrainState, ready to iterate.
      begin_epoch: TrainState -> TrainState, once before the iterations of an epoch: fresh starts.
      iterate: (TrainState, original) -> (TrainState, Metrics): collect, then update.
      actor_params: TrainState -> the policy's parameters, for evaluation and shipping.
      updates_per_iteration: gradient updates in one `iterate`.
      env_steps: control steps of all robots after so many updates; counted by the host, since
        thousands of robots take more of them than 32 bits hold.
      partition: how devices share a TrainState: a prefix of it, of partition specs.
    """

    init: Callable[[jax.Array, Params], TrainState]
    begin_epoch: Callable[[TrainState], TrainState]
    iterate: Callable[[TrainState, Params], tuple[TrainState, Metrics]]
    actor_params: Callable[[TrainState], Params]
    updates_per_iteration: int
    env_steps: Callable[[int], int]
    partition: TrainState
