"""What a described robot is judged by: its healthy rule, and its original task's reward."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from envs.physics import PhysicsState
from envs.roots import Root

_ENTRIES = re.compile(r"(qpos|qvel)(?:\[(?:(\d+)|(\d*):(\d*))\])?")


class Entries(NamedTuple):
    """Some numbers of a state: `source` ("qpos" or "qvel") at `indices`."""

    source: str
    indices: np.ndarray

    def of(self, physics: Any) -> jax.Array:
        """These numbers [K] of a state with qpos [nq] and qvel [nv]."""
        return getattr(physics, self.source)[self.indices]


def parse_entries(text: str, model: mujoco.MjModel) -> Entries:
    """Entries by what they are called: "qpos", "qpos[2]", "qpos[1:]", "qvel[:3]".

    Raises:
      ValueError: they are called otherwise, or lie outside of the model's.
    """
    match = _ENTRIES.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not like qpos, qpos[2], qpos[1:] or qvel[:3]")
    source, index, first, end = match.groups()
    size = model.nq if source == "qpos" else model.nv
    places = slice(int(first or 0), int(end) if end else None)
    if index is not None:
        places = slice(int(index), int(index) + 1)
    indices = np.arange(size)[places]
    outside = max(places.stop or 0, places.start) > size
    if not len(indices) or outside:
        raise ValueError(f"{text!r} is outside of the model's {source}, which has {size} numbers")
    return Entries(source, indices)


class Quantity(NamedTuple):
    """A single entry of a state, or its cosine or sine: a hinge that turns without end has many
    angles for one pose."""

    entry: Entries
    function: str | None = None

    def of(self, physics: Any) -> jax.Array:
        """Its value [] in a state with qpos [nq] and qvel [nv]."""
        [value] = self.entry.of(physics)
        return value if self.function is None else getattr(jnp, self.function)(value)


def parse_quantity(text: str, model: mujoco.MjModel) -> Quantity:
    """A quantity by what it is called: "qpos[2]", "cos(qpos[2])", "sin(qvel[0])".

    Raises:
      ValueError: it is called otherwise, is several numbers, or lies outside of the model's.
    """
    call = re.fullmatch(r"(cos|sin)\((.+)\)", text)
    entry = parse_entries(call[2] if call else text, model)
    if len(entry.indices) != 1:
        raise ValueError(f"{text!r} must be a single number, like qpos[2] or cos(qpos[2])")
    return Quantity(entry, call[1] if call else None)


@dataclass(frozen=True)
class HealthRule:
    """Healthy is what lies within all of these.

    Attributes:
      root: the robot's.
      height: metres, of the root's origin above z = 0.
      max_tilt: rad, of the root.
      ranges: (quantity, lowest, highest).
    """

    root: Root | None
    height: tuple[float, float] | None = None
    max_tilt: float | None = None
    ranges: tuple[tuple[Quantity, float, float], ...] = ()

    def holds(self, physics: Any) -> jax.Array:
        """[] bool, of a state with qpos [nq] and qvel [nv]."""
        healthy = jnp.ones((), bool)
        if self.height is not None:
            assert self.root is not None
            height = self.root.height(physics.qpos)
            healthy &= (height >= self.height[0]) & (height <= self.height[1])
        if self.max_tilt is not None:
            assert self.root is not None
            healthy &= self.root.tilt(physics.qpos) <= self.max_tilt
        for quantity, low, high in self.ranges:
            value = quantity.of(physics)
            healthy &= (value >= low) & (value <= high)
        return healthy


@dataclass(frozen=True)
class TaskReward:
    """forward * speed + alive - control_cost * sum of squared actions.

    Attributes:
      place: index in qpos of the root's motion that is paid; None where `forward` is 0.
      forward: per m/s.
      alive: per control step; paid always, as in Gymnasium's tasks before version 5. In a recovery
        episode no reward is paid while the robot is unhealthy.
      control_cost: per unit of squared action.
    """

    place: int | None
    forward: float
    alive: float
    control_cost: float

    def of(
        self, before: PhysicsState, after: PhysicsState, action: jax.Array, dt: float
    ) -> jax.Array:
        """The reward [] of one control step of `dt` seconds."""
        reward = self.alive - self.control_cost * jnp.sum(jnp.square(action))
        if self.place is not None:
            reward += self.forward * (after.qpos[self.place] - before.qpos[self.place]) / dt
        return reward
