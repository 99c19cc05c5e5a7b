"""The states that reward code is tried on."""

from __future__ import annotations

import ast
from dataclasses import dataclass

import numpy as np

from .extract import REQUIRED

MAX_BOUNDARY_STATES = 256


@dataclass(frozen=True)
class SampleStates:
    """States [B, D] and actions [B, A] from the environment, float64, all finite.

    `random` spreads over what the robot may meet, `healthy` are states in which the original task
    can be done, `ood` states to recover from. `path` [L, D], if given, leads from an OOD pose to a
    healthy one in equal steps. Actions may be fewer than states: they are repeated.
    """

    random: np.ndarray
    healthy: np.ndarray
    ood: np.ndarray
    actions: np.ndarray
    path: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name in ("random", "healthy", "ood", "actions"):
            array = getattr(self, name)
            if array.ndim != 2 or not len(array) or not np.isfinite(array).all():
                raise ValueError(f"{name} has to be a finite array [B, size], B > 0")
        if len({array.shape[1] for array in (self.random, self.healthy, self.ood)}) > 1:
            raise ValueError("random, healthy and ood states differ in size")

    @property
    def state_size(self) -> int:
        """Numbers in a state."""
        return int(self.random.shape[1])

    @property
    def action_size(self) -> int:
        """Numbers in an action."""
        return int(self.actions.shape[1])


@dataclass(frozen=True)
class Trials:
    """All states of one verification with an action each; `groups` says where which sort is."""

    states: np.ndarray
    actions: np.ndarray
    groups: dict[str, slice]

    def group_of(self, index: int) -> str:
        """ "random", "healthy", "OOD", "boundary" or "path"."""
        return next(n for n, part in self.groups.items() if part.start <= index < part.stop)


def make_trials(samples: SampleStates, tree: ast.Module) -> Trials:
    """The samples and, for the thresholds in the code, states exactly on them."""
    parts = {
        "random": samples.random,
        "healthy": samples.healthy,
        "OOD": samples.ood,
        "boundary": _boundary_states(samples, tree),
    }
    if samples.path is not None:
        parts["path"] = samples.path
    ends = np.cumsum([len(part) for part in parts.values()])
    groups = {
        name: slice(int(end) - len(part), int(end))
        for (name, part), end in zip(parts.items(), ends, strict=True)
    }
    states = np.concatenate([np.asarray(part, np.float64) for part in parts.values()])
    actions = np.resize(samples.actions, (len(states), samples.action_size)).astype(np.float64)
    actions[groups["boundary"]] = 0.0  # what a policy at rest does: norms and quotients of nothing
    return Trials(states, actions, groups)


def _boundary_states(samples: SampleStates, tree: ast.Module) -> np.ndarray:
    """A healthy and an OOD state with one component set to a number that the code mentions."""
    numbers = sorted({sign * number for number in _numbers(tree) for sign in (-1.0, 1.0)})
    places = [place for place in _components(tree) if place < samples.state_size]
    bases = (samples.healthy[0], samples.ood[0])
    states = []
    for base in bases:
        states.append(base)
        for place in places:
            for number in numbers:
                state = np.array(base, np.float64)
                state[place] = number
                states.append(state)
    chosen = np.linspace(0, len(states) - 1, min(len(states), MAX_BOUNDARY_STATES)).astype(int)
    return np.stack([states[index] for index in chosen])


def _numbers(tree: ast.Module) -> set[float]:
    """Constants of the code that could be thresholds."""
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    numbers = (value for value in constants if isinstance(value, int | float))
    return {float(number) for number in numbers if abs(number) <= 10.0}


def _components(tree: ast.Module) -> list[int]:
    """Indices at which the two functions look at the state directly."""
    found: set[int] = set()
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef) or function.name not in REQUIRED:
            continue
        state = function.args.args[0].arg if function.args.args else ""
        for node in ast.walk(function):
            if (
                isinstance(node, ast.Subscript)
                and isinstance(node.value, ast.Name)
                and node.value.id == state
                and isinstance(node.slice, ast.Constant)
                and isinstance(node.slice.value, int)
            ):
                found.add(node.slice.value)
    return sorted(place for place in found if place >= 0)
