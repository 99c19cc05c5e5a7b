"""Code that is sent to the sandbox directly, past the allow-list that would refuse it."""

from __future__ import annotations

import ast
import textwrap

import numpy as np

from lamour_jax.rewardcode.sandbox import OriginalResults, run_original

STATES, ACTIONS = np.arange(12.0).reshape(4, 3), np.zeros((4, 2))
# The way to the interpreter's insides that leads around every missing name.
MODULES = (
    "catch = [c for c in ().__class__.__base__.__subclasses__() "
    "if c.__name__ == 'catch_warnings'][0]\n"
    "sys = catch()._module.sys\n"
    "os = sys.modules['os']\n"
)


def run(body: str, states: np.ndarray = STATES, **limits: float) -> OriginalResults:
    """The results of a calculate_reward with this body."""
    source = "def is_recovered(state):\n    return 1\n"
    source += "def calculate_reward(state, action):\n" + textwrap.indent(body, "    ")
    actions = np.zeros((len(states), 2))
    return run_original(ast.parse(source), {"np": "numpy"}, states, actions, **limits)  # type: ignore[arg-type]


def with_bait(text: str, bait: dict[str, str]) -> str:
    """An escape with real places for the words in capitals."""
    for word, replacement in bait.items():
        text = text.replace(word, replacement)
    return text
