"""What a training is made of: laid out on devices first, then compiled.

The layout is known from shapes alone, in moments: what does not fit is refused before anybody waits
for the compiler. What programs need while they run is known once they are compiled, and still
before anything is allocated.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding

from envs.wrappers import WHOLE
from lamour_jax import hosts
from lamour_jax.compilation import Compilation, watch_compilation
from lamour_jax.config import TrainConfig
from lamour_jax.devices import make_mesh, placed
from lamour_jax.memory import MemoryPlan, make_plan
from lamour_jax.population import populate
from lamour_jax.types import Agent, Params, TrainState

UPDATES_PER_EPOCH = 250  # the host wakes between epochs: seconds on a laptop, less elsewhere


@dataclass(frozen=True)
class Layout:
    """A training before it is compiled.

    Attributes:
      agent: of all members, where a population is trained.
      original: the frozen original policy's parameters, if there is one.
      config: the run's settings.
      mesh: the devices.
      key: of `init`, or those of a population's members [M].
      num_members: M; None where it is a single training.
      shapes: of the training's state, with shardings.
      memory: what the state takes.
    """

    agent: Agent
    original: Params | None
    config: TrainConfig
    mesh: Mesh
    key: jax.Array
    num_members: int | None
    shapes: TrainState
    memory: MemoryPlan


@dataclass(frozen=True)
class Programs:
    """The compiled regions of training: `init`, which takes `key`, and one donated `epoch`."""

    init: Callable
    epoch: Callable
    actor_params: Callable
    key: jax.Array
    num_members: int | None
    iterations_per_epoch: int
    env_steps: Callable[[int], int]
    compilation: Compilation
    shapes: TrainState
    memory: MemoryPlan


def lay_out(
    agent: Agent,
    original: Params | None,
    config: TrainConfig,
    member_seeds: Sequence[int] | None = None,
    mesh: Mesh | None = None,
) -> Layout:
    """Lays a training out on devices.

    Args:
      member_seeds: of each member of the population to be trained side by side, in place of
        `config.seed`; None trains one.
      mesh: the devices; by default the first one.

    Raises:
      UserError: it does not fit into some process's devices.
    """
    mesh = make_mesh(1) if mesh is None else mesh
    if member_seeds is not None:
        agent = populate(agent)
    num_members = None if member_seeds is None else len(member_seeds)
    key = _first_key(config.seed if member_seeds is None else member_seeds)
    shapes = placed(mesh, agent.partition, jax.eval_shape(agent.init, key, original))
    memory = make_plan(shapes, mesh, num_members)
    hosts.agree(memory.check)
    return Layout(agent, original, config, mesh, key, num_members, shapes, memory)


def compile_programs(layout: Layout) -> Programs:
    """Compiles ahead of time, so that what it takes is known and shown apart.

    Raises:
      UserError: with what the programs need while they run, the training does not fit.
    """
    agent, shapes = layout.agent, layout.shapes
    length = _iterations_per_epoch(agent, layout.config)

    def epoch(state: TrainState, original: Params | None):
        state, metrics = jax.lax.scan(
            lambda state, _: agent.iterate(state, original),
            agent.begin_epoch(state),
            length=length,
        )
        return state, jax.tree.map(lambda values: jnp.mean(values, axis=0), metrics)

    split = jax.tree.map(lambda leaf: leaf.sharding, shapes)
    whole = NamedSharding(layout.mesh, WHOLE)
    frozen = placed(layout.mesh, WHOLE, layout.original)
    jitted_epoch = jax.jit(epoch, donate_argnums=0, out_shardings=(split, whole))
    jitted_init = jax.jit(agent.init, in_shardings=whole, out_shardings=split)
    with watch_compilation() as compilation:
        compiled_epoch = jitted_epoch.lower(shapes, frozen).compile()
        compiled_init = jitted_init.lower(layout.key, layout.original).compile()
    memory = layout.memory.with_programs(compiled_epoch, compiled_init)
    hosts.agree(memory.check)
    return Programs(
        init=compiled_init,
        epoch=compiled_epoch,
        actor_params=agent.actor_params,
        key=layout.key,
        num_members=layout.num_members,
        iterations_per_epoch=length,
        env_steps=agent.env_steps,
        compilation=compilation,
        shapes=shapes,
        memory=memory,
    )


def _iterations_per_epoch(agent: Agent, config: TrainConfig) -> int:
    """As many as the host may sleep for, or down to half of that, so that whole epochs come to the
    run's length or hardly more."""
    shortest = min(UPDATES_PER_EPOCH, config.eval_every, config.num_updates)
    longest = max(1, shortest // agent.updates_per_iteration)
    in_all = -(-config.num_updates // agent.updates_per_iteration)
    return min(range(longest, longest // 2, -1), key=lambda length: -in_all % length)


def _first_key(seed: int | Sequence[int]) -> jax.Array:
    """The key of one training, or those of a population's [M]."""
    return jax.random.key(seed) if isinstance(seed, int) else jnp.stack([*map(_first_key, seed)])
