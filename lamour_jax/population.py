"""Several trainings as one: members of a population, side by side in one compiled program.

A member is a whole training, with its robots, replay and networks; members differ in their seed or
in the reward program that they learn from. `jax.vmap` over the train state puts them into the same
kernels.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from lamour_jax.devices import MEMBERS, by_members
from lamour_jax.types import Agent


def populate(agent: Agent) -> Agent:
    """The agent of a population: every state gets a leading axis [M] of members.

    `init` takes keys [M]. The frozen original policy is one for all. Metrics are [M] each.
    """
    each = partial(jax.vmap, spmd_axis_name=MEMBERS)
    return agent._replace(
        init=each(agent.init, in_axes=(0, None)),
        begin_epoch=each(agent.begin_epoch),
        iterate=each(agent.iterate, in_axes=(0, None)),
        partition=by_members(agent.partition),
    )


def member(tree: Any, index: int) -> Any:
    """One member's part of a population's pytree."""
    return jax.tree.map(lambda leaf: leaf[index], tree)


def by_member(functions: Sequence[Callable[..., jax.Array]]) -> Callable[..., jax.Array]:
    """K functions for M members, as one to be called under one `jax.vmap` over members.

    M is a multiple of K: the first M / K members go through functions[0], the next through
    functions[1], and so on, each member through one alone. `jax.lax.switch` would compute every
    branch for every member under `vmap`. A single function is returned as it is.
    """
    if len(functions) == 1:
        return functions[0]

    # Outside of a vmap there is no member to choose by; JAX asks this one for shapes alone.
    @jax.custom_batching.custom_vmap
    def call(*arguments: jax.Array) -> jax.Array:
        return functions[0](*arguments)

    @call.def_vmap
    def call_each(axis_size: int, in_batched: Sequence[bool], *arguments: jax.Array):
        size, rest = divmod(axis_size, len(functions))
        if rest:
            raise ValueError(f"{len(functions)} functions cannot share {axis_size} members evenly")
        axes = [0 if batched else None for batched in in_batched]

        def part(k: int) -> jax.Array:
            members = slice(k * size, (k + 1) * size)
            pairs = zip(arguments, in_batched, strict=True)
            own = [x[members] if batched else x for x, batched in pairs]
            return jax.vmap(functions[k], axes)(*own)

        return jnp.concatenate([part(k) for k in range(len(functions))]), True

    return call
