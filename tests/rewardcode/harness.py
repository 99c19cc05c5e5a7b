"""Compares many programs at once: NumPy on each state, the translations in a single jit.

The programs here are our own, so the originals run in this process; the sandbox has its own tests.
"""

from __future__ import annotations

import ast
import textwrap
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


def run_numpy(source: str, states: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """The original's rewards [B]; a ZeroDivisionError and the like fail the test."""
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
    function = namespace["calculate_reward"]
    with np.errstate(all="ignore"):
        pairs = zip(states.copy(), actions.copy(), strict=True)
        return np.array([float(np.reshape(function(s, a), ())) for s, a in pairs])


def compare_all(programs: dict[str, str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """name -> (NumPy's rewards, the translation's), all translations compiled together."""
    states, actions = states_and_actions()
    sources = {name: extract(reward_program(body)) for name, body in programs.items()}
    with jax.enable_x64(True):
        functions = {
            name: load_functions(
                translate(source, STATE_SIZE, ACTION_SIZE).jnp_source, f"{name}_jnp.py"
            ).calculate_reward
            for name, source in sources.items()
        }

        def evaluate(state: jax.Array, action: jax.Array) -> dict[str, jax.Array]:
            return {name: as_scalar(f(state, action)) for name, f in functions.items()}

        translated = jax.jit(jax.vmap(evaluate))(states, actions)
    return {
        name: (run_numpy(source, states, actions), np.asarray(translated[name]))
        for name, source in sources.items()
    }
