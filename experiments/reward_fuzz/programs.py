"""Random whole programs: both functions, helpers, constants, and what stands in their bodies."""

from __future__ import annotations

import random

from .blocks import DEPTH, Block, indent
from .expressions import Expressions, Names

_ARGUMENTS = ("state, action", "state: np.ndarray, action: np.ndarray")


def random_program(rng: random.Random, state_size: int, action_size: int) -> str:
    """Source that defines is_recovered and calculate_reward, out of the accepted grammar."""
    e = Expressions(rng)
    shared = Names(numbers=["GAIN"])
    lines = [*_imports(e), f"GAIN = {e.choose('0.5', '2.0', '-1.5')}", "GAINS = (0.5, 2.0)"]
    for index in range(rng.randrange(3)):
        arguments = ["x", "y"][: rng.randrange(1, 3)]
        lines += ["", "", *_helper(e, f"helper_{index}", arguments, shared)]
        shared.helpers[f"helper_{index}"] = len(arguments)
    gate = shared.inner()
    gate.inputs = {"state": state_size}
    reward = shared.inner()
    reward.inputs = {"state": state_size, "action": action_size}
    lines += ["", "", "def is_recovered(state):", *indent(_gate(e, gate))]
    lines += ["", "", f"def calculate_reward({e.choose(*_ARGUMENTS)}):"]
    lines += indent(
        [*Block(e, reward, returns=True).draw(2, rng.randrange(2, 8)), *_end(e, reward)]
    )
    return "\n".join(lines) + "\n"


def _imports(e: Expressions) -> list[str]:
    """What stands at the top of a program; NumPy and math are there without, too."""
    lines = ["import numpy as np", "import math", "from typing import List", "import logging"]
    return [line for line in lines if line.endswith("logging") or e.rng.randrange(2)]


def _helper(e: Expressions, name: str, arguments: list[str], shared: Names) -> list[str]:
    names = shared.inner()
    names.numbers += [*arguments, *arguments]
    names.targets += arguments
    body = Block(e, names, returns=True).draw(1, e.rng.randrange(3))
    last = arguments[-1] + e.choose("", "=1.0", ": float = 0.5")
    header = f"def {name}({', '.join([*arguments[:-1], last])}){e.choose('', ' -> float')}:"
    return [header, *indent([*body, f"return {e.number(names, DEPTH)}"])]


def _gate(e: Expressions, names: Names) -> list[str]:
    test = e.condition(names, DEPTH)
    return e.rng.choice(
        (
            [f"return 1 if {test} else 0"],
            [f"if {test}:", "    return 1", "return 0"],
            [f"return int({test})"],
            [f"ok = {test}", "return 1 if ok and state[0] > -2.0 else 0"],
        )
    )


def _end(e: Expressions, names: Names) -> list[str]:
    if e.rng.randrange(2) and len(names.targets) > 1:
        return [f"return {' + '.join(names.targets)}"]
    return [f"return {e.number(names, DEPTH)} - abs(state[0])"]
