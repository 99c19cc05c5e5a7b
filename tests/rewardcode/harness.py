"""Compares many programs at once: NumPy on each state, the translations in a single jit.

The programs here are our own, so the originals run in this process; the sandbox has its own tests.
"""

from __future__ import annotations

import ast
import textwrap
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np

from lamour_jax.rewardcode import SampleStates
from lamour_jax.rewardcode.extract import extract
from lamour_jax.rewardcode.limits import parse
from lamour_jax.rewardcode.names import module_bindings
from lamour_jax.rewardcode.normalise import normalise
from lamour_jax.rewardcode.program import as_scalar, load_functions
from lamour_jax.rewardcode.translate import translate

STATE_SIZE, ACTION_SIZE = 13, 4
GATE = "def is_recovered(state):\n    return int(state[0] > 0.0)\n"


def reward_program(body: str) -> str:
    """A program whose calculate_reward has this body; whole programs pass through."""
    body = textwrap.dedent(body).strip("\n")
    if "def calculate_reward" in body:
        return body if "def is_recovered" in body else f"{GATE}\n\n{body}\n"
    return f"{GATE}\n\ndef calculate_reward(state, action):\n{textwrap.indent(body, '    ')}\n"


def states_and_actions(count: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """States with ties, zeros and both signs in every component."""
    generator = np.random.default_rng(0)
    states = generator.normal(size=(count, STATE_SIZE))
    states[::4] = np.round(states[::4])
    return states, generator.uniform(-1.0, 1.0, (count, ACTION_SIZE))


def ant_samples() -> SampleStates:
    """Made-up states like an ant's: height, quaternion, joints, velocities."""
    generator = np.random.default_rng(1)
    random = generator.normal(size=(256, 27))
    random[:, 0] = generator.uniform(0.0, 1.2, 256)
    random[:, 1:5] /= np.linalg.norm(random[:, 1:5], axis=1, keepdims=True)
    healthy = 0.05 * generator.normal(size=(32, 27))
    healthy[:, 0] += 0.6
    healthy[:, 1] += 1.0
    ood = 0.01 * generator.normal(size=(16, 27))
    ood[:, 0] += 0.25
    ood[:, 2] += 1.0
    return SampleStates(random, healthy, ood, generator.uniform(-1.0, 1.0, (64, 8)))


def harsh_states(count: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """States with NaN and infinities in one to four components."""
    states, actions = states_and_actions(count)
    generator = np.random.default_rng(2)
    for state in states:
        places = generator.choice(STATE_SIZE, generator.integers(1, 5), replace=False)
        state[places] = generator.choice([np.nan, np.inf, -np.inf], len(places))
    return states, actions


def original_functions(source: str) -> SimpleNamespace:
    """The functions of the NumPy original, in this process."""
    tree = normalise(parse(source))
    namespace: dict[str, Any] = {}
    modules = {"numpy": np, "math": __import__("math")}
    for name, path in module_bindings(parse(source)).items():
        module, *parts = path.split(".")
        target: Any = modules[module]
        for part in parts:
            target = getattr(target, part)
        namespace[name] = target
    exec(compile(ast.fix_missing_locations(tree), "reward.py", "exec"), namespace)
    return SimpleNamespace(**namespace)


def outcomes(function: Callable[..., Any], *arguments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the original gives in each row of the arguments [B], and where it gives anything: math
    and Python's own functions raise an exception where NumPy's come to NaN."""
    values = np.full(len(arguments[0]), np.nan)
    given = np.ones(len(values), bool)
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        for index, row in enumerate(zip(*arguments, strict=True)):
            try:
                values[index] = float(np.reshape(function(*(part.copy() for part in row)), ()))
            except (ValueError, ArithmeticError):
                given[index] = False
    return values, given


@dataclass(frozen=True)
class Comparison:
    """One program on all states: NumPy's rewards [B], where it gives any, the translation's."""

    original: np.ndarray
    given: np.ndarray
    vmapped: np.ndarray
    plain: np.ndarray


def compare_all(
    programs: dict[str, str], states: np.ndarray, actions: np.ndarray
) -> dict[str, Comparison]:
    """Every program on all states, with vmap and one state at a time, compiled together."""
    sources = {name: extract(reward_program(body)) for name, body in programs.items()}
    with jax.enable_x64(True):
        functions = {
            name: load_functions(
                translate(source, STATE_SIZE, ACTION_SIZE).jnp_source, f"{name}_jnp.py"
            ).calculate_reward
            for name, source in sources.items()
        }

        def evaluate(pair: tuple[jax.Array, jax.Array]) -> dict[str, jax.Array]:
            return {name: as_scalar(f(*pair)) for name, f in functions.items()}

        vmapped = jax.jit(jax.vmap(evaluate))((states, actions))
        plain = jax.jit(partial(jax.lax.map, evaluate))((states, actions))
    comparisons = {}
    for name, source in sources.items():
        original, given = outcomes(original_functions(source).calculate_reward, states, actions)
        arrays = np.asarray(vmapped[name]), np.asarray(plain[name])
        comparisons[name] = Comparison(original, given, *arrays)
    return comparisons
