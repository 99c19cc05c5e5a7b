"""What a training will hold on each device, known before anything is allocated."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import jax
from jax.sharding import Mesh

from lamour_jax import host_memory
from lamour_jax.devices import MEMBERS
from lamour_jax.errors import UserError
from lamour_jax.types import TrainState

_ADVICE = {
    "robots": "give fewer --num-envs or more --devices",
    "replay": "give more --devices, or a preset with a smaller replay",
    "networks": "give more --devices",
    # Of a program's steps those of all robots take most: a rollout, a batch as wide as the robots.
    "programs": "give fewer --num-envs or more --devices",
}
_RESERVE = 0.1  # of a device's memory, for what is not counted here: code, evaluations, the host


@dataclass(frozen=True)
class MemoryPlan:
    """What each device holds.

    Attributes:
      parts: bytes by part.
      limit: bytes that the smallest device has; None if unknown.
      num_members: of the population; 1 where a single training is planned.
      members_on_device: how many of them share a device.
    """

    parts: dict[str, int]
    limit: int | None
    num_members: int = 1
    members_on_device: int = 1

    @property
    def total(self) -> int:
        """Bytes of all parts."""
        return sum(self.parts.values())

    def with_programs(self, *programs: jax.stages.Compiled) -> "MemoryPlan":
        """The plan with what compiled programs need while they run, one at a time."""
        analyses = [program.memory_analysis() for program in programs]
        needed = max(analysis.temp_size_in_bytes if analysis else 0 for analysis in analyses)
        return dataclasses.replace(self, parts={**self.parts, "programs": needed})

    def check(self) -> None:
        """Makes sure that it fits.

        Raises:
          UserError: it does not; the message says what takes most and what to lower.
        """
        if self.limit is None or self.total <= (1.0 - _RESERVE) * self.limit:
            return
        raise UserError(
            f"training would need {in_words(self.total)} on each device, of {in_words(self.limit)}"
            f" there are: {self.advice()}"
        )

    def advice(self) -> str:
        """What takes most, and what to lower."""
        largest = max(self.parts, key=lambda name: self.parts[name])
        most = f"{in_words(self.parts[largest])} are for {largest}"
        if self.num_members == 1:
            return f"{most}; {_ADVICE[largest]}"
        fitting = self._fitting_members()
        if fitting == 0:
            return (
                f"{most}, and not even one of {self.num_members} members fits; {_ADVICE[largest]}"
            )
        known = "" if fitting is None else f", of which {fitting} would fit"
        return (
            f"{most} of {self.num_members} members{known}; train fewer side by side (--seeds,"
            " --candidates or --reward), or give more --devices"
        )

    def _fitting_members(self) -> int | None:
        """How many members these devices hold, or None if their memory is unknown."""
        if self.limit is None:
            return None
        of_a_member = self.total / self.members_on_device
        on_device = int((1.0 - _RESERVE) * self.limit / of_a_member)
        return on_device * self.num_members // self.members_on_device

    def __str__(self) -> str:
        listed = ", ".join(f"{name} {in_words(size)}" for name, size in self.parts.items())
        known = "" if self.limit is None else f" of {in_words(self.limit)}"
        return f"memory on each device: {listed}; {in_words(self.total)}{known}"


def make_plan(shapes: TrainState, mesh: Mesh, num_members: int | None = None) -> MemoryPlan:
    """The plan of a training state.

    Args:
      shapes: with shardings, as from `devices.placed`.
      mesh: the devices.
      num_members: of the population whose state it is, if it is one's.
    """
    learner = _bytes_on_a_device(shapes.learner)
    replay, noise = (
        _bytes_on_a_device(getattr(shapes.learner, name, None)) for name in ("replay", "noise")
    )
    parts = {
        "robots": _bytes_on_a_device(shapes.robots) + noise,
        "replay": replay,
        "networks": learner - replay - noise,
    }
    # Another process's devices do not tell.
    limits = [limit for limit in map(_limit, mesh.local_devices) if limit is not None]
    members = num_members or 1
    return MemoryPlan(
        parts,
        min(limits, default=None),
        num_members=members,
        members_on_device=members // mesh.shape[MEMBERS],
    )


def in_words(size: int) -> str:
    """Bytes for people."""
    power = min(3, int(math.log(max(size, 1), 1000)))
    return f"{size / 1000**power:.3g} {('B', 'kB', 'MB', 'GB')[power]}"


def _bytes_on_a_device(tree: Any) -> int:
    return sum(
        math.prod(leaf.sharding.shard_shape(leaf.shape)) * _itemsize(leaf)
        for leaf in jax.tree.leaves(tree)
    )


def _itemsize(leaf: jax.ShapeDtypeStruct) -> int:
    # A key's own dtype has no size in bytes that NumPy knows.
    if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return 8
    return leaf.dtype.itemsize


def _limit(device: jax.Device) -> int | None:
    """The device's memory in bytes; a CPU's is what the host has left, for all its devices."""
    if device.platform == "cpu":
        free = host_memory.available()
        return None if free is None else free // len(jax.local_devices())
    statistics = device.memory_stats() or {}
    return statistics.get("bytes_limit")
