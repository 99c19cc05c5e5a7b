"""One mesh of devices: robots and replay are split over it, parameters live on every device.

The training epoch is one program of global arrays. JAX splits it by the partition specs below, and
adds what devices must tell one another: the mean of the gradients, and nothing that grows with the
number of robots. Specs are prefixes: one stands for a whole subtree.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from envs.wrappers import ROBOTS
from lamour_jax.errors import UserError

MEMBERS = "members"  # with ROBOTS the axes of every mesh


def make_mesh(
    num_devices: int | None, *, num_members: int = 1, divisible: dict[str, int] | None = None
) -> Mesh:
    """A mesh [members, robots] over devices of all processes, as many of each.

    A population's members are spread first: what is left of the devices splits every member.

    Args:
      num_devices: how many in all; None takes as many as the numbers allow.
      num_members: size of the population.
      divisible: named numbers that the devices along "robots" must divide (robots, batch, ...).

    Raises:
      UserError: there are not so many devices, or they do not divide one of the numbers.
    """
    numbers, processes, choices = divisible or {}, jax.process_count(), device_counts()
    fitting = [n for n in choices if not _obstacles(n, num_members, numbers)]
    if num_devices is None:
        num_devices = fitting[-1] if fitting else processes
    if num_devices not in choices:
        raise UserError(f"--devices must be {describe_counts(choices)}, not {num_devices}")
    if num_devices not in fitting:
        name, value = _obstacles(num_devices, num_members, numbers)[0]
        others = f"--devices {_listed(fitting)} can" if fitting else "nor can any other number here"
        raise UserError(f"{num_devices} devices cannot share {name} = {value} evenly; {others}")
    devices = [
        device
        for process in range(processes)
        for device in jax.local_devices(process)[: num_devices // processes]
    ]
    members = math.gcd(num_devices, num_members)
    grid = np.asarray(devices).reshape(members, num_devices // members)
    return Mesh(grid, (MEMBERS, ROBOTS))


def device_counts() -> range:
    """How many devices can train: as many of each process."""
    processes = jax.process_count()
    return range(processes, jax.device_count() + 1, processes)


def describe_counts(counts: range) -> str:
    """`device_counts`, for people."""
    if counts.step > 1:
        return f"a multiple of {counts.step}, the processes, up to {counts[-1]}"
    return "1 on this machine" if len(counts) == 1 else f"1 to {len(counts)} on this machine"


def describe(mesh: Mesh) -> str:
    """The mesh's devices, for people."""
    kind, processes = mesh.devices.flat[0].device_kind, jax.process_count()
    devices = kind if mesh.size == 1 else f"{mesh.size} x {kind}"
    return devices if processes == 1 else f"{devices} of {processes} processes"


def draw_rows(tree: Any, key: jax.Array, shape: tuple[int, int], mesh: Mesh | None) -> Any:
    """Rows [U, B, ...] of a tree [K, ...] that all devices have, uniformly with replacement;
    devices of `mesh` get a part of each B: unasked, each would work on all of it."""
    index = jax.random.randint(key, shape, 0, len(jax.tree.leaves(tree)[0]))
    drawn = jax.tree.map(lambda x: x[index], tree)
    if mesh is None or mesh.size == 1:
        return drawn
    split = NamedSharding(mesh, PartitionSpec(None, ROBOTS))
    return jax.lax.with_sharding_constraint(drawn, split)


def placed(mesh: Mesh, partition: Any, shapes: Any) -> Any:
    """`shapes` (of arrays) with the shardings that `partition`, a prefix of them, asks for."""

    def place(spec: PartitionSpec, subtree: Any) -> Any:
        sharding = NamedSharding(mesh, spec)
        return jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding), subtree
        )

    return jax.tree.map(place, partition, shapes, is_leaf=_is_spec)


def by_members(partition: Any) -> Any:
    """The partition of a population, whose arrays have a leading axis of members."""
    return jax.tree.map(lambda spec: PartitionSpec(MEMBERS, *spec), partition, is_leaf=_is_spec)


def shards_of(mesh: Mesh | None) -> int:
    """S, how many parts the robots are split into."""
    return 1 if mesh is None else mesh.shape[ROBOTS]


def deal(x: jax.Array, num_shards: int) -> jax.Array:
    """Deals steps of robots to the shards: [T, N, ...] -> [S, T * N / S, ...]."""
    parts = x.reshape(x.shape[0], num_shards, -1, *x.shape[2:])
    return jnp.swapaxes(parts, 0, 1).reshape(num_shards, -1, *x.shape[2:])


def _listed(counts: list[int]) -> str:
    *others, last = map(str, counts)
    return f"{', '.join(others)} or {last}" if others else last


def _is_spec(node: Any) -> bool:
    return isinstance(node, PartitionSpec)


def _obstacles(
    num_devices: int, num_members: int, numbers: dict[str, int]
) -> list[tuple[str, int]]:
    shards = num_devices // math.gcd(num_devices, num_members)
    return [(name, value) for name, value in numbers.items() if value % shards]
