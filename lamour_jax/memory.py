"""What a training will hold on each device, known from shapes before anything is allocated."""

import math
from dataclasses import dataclass
from typing import Any

import jax

from lamour_jax.errors import UserError
from lamour_jax.types import TrainState

_ADVICE = {
    "robots": "give fewer --num-envs or more --devices",
    "replay": "give more --devices, or a preset with a smaller replay",
    "networks": "take fewer candidates or more --devices",
}
_RESERVE = 0.1  # of a device's memory, for programs and what their steps need in between


@dataclass(frozen=True)
class MemoryPlan:
    """Bytes on each device by part, and how many the smallest device has (None if unknown)."""

    parts: dict[str, int]
    limit: int | None

    @property
    def total(self) -> int:
        """Bytes of all parts."""
        return sum(self.parts.values())

    def check(self) -> None:
        """Makes sure that it fits.

        Raises:
          UserError: it does not; the message says what takes most and what to lower.
        """
        if self.limit is None or self.total <= (1.0 - _RESERVE) * self.limit:
            return
        largest = max(self.parts, key=lambda name: self.parts[name])
        raise UserError(
            f"training would need {in_words(self.total)} on each device, of {in_words(self.limit)}"
            f" there are; {largest} take {in_words(self.parts[largest])}: {_ADVICE[largest]}"
        )

    def __str__(self) -> str:
        listed = ", ".join(f"{name} {in_words(size)}" for name, size in self.parts.items())
        known = "" if self.limit is None else f" of {in_words(self.limit)}"
        return f"memory on each device: {listed}; {in_words(self.total)}{known}"


def make_plan(shapes: TrainState) -> MemoryPlan:
    """The plan of a training state.

    Args:
      shapes: with shardings, as from `devices.placed`.
    """
    replay = getattr(shapes.learner, "replay", None)
    learner, replay_size = _bytes_on_a_device(shapes.learner), _bytes_on_a_device(replay)
    parts = {
        "robots": _bytes_on_a_device(shapes.robots),
        "replay": replay_size,
        "networks": learner - replay_size,
    }
    # Another process's devices do not tell.
    devices = jax.tree.leaves(shapes)[0].sharding.addressable_devices
    limits = [limit for limit in map(_limit, devices) if limit is not None]
    return MemoryPlan(parts, min(limits, default=None))


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
    """The device's memory in bytes; a CPU's is what the host has to spare, for all its devices."""
    if device.platform == "cpu":
        free = _host_memory()
        return None if free is None else free // len(jax.local_devices())
    statistics = device.memory_stats() or {}
    return statistics.get("bytes_limit")


def _host_memory() -> int | None:
    """Bytes that the host can still give (Linux), else None."""
    try:
        with open("/proc/meminfo") as lines:
            available = next(line for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return None
    return 1024 * int(available.split()[1])
