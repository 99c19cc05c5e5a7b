"""Booleans in arithmetic: Python counts them, NumPy combines them. Numbers worked out by hand.

A comparison of NumPy's numbers (`state[0] > 0`) is NumPy's boolean, one of Python's (`float(...)`,
`all(...)`, `not ...`) Python's.
"""

from __future__ import annotations

import numpy as np
import pytest

from lamour_jax.rewardcode import RewardCodeError, translate
from lamour_jax.rewardcode.extract import extract
from lamour_jax.rewardcode.program import load_functions
from tests.rewardcode.harness import (
    ACTION_SIZE,
    STATE_SIZE,
    original_functions,
    reward_program,
)

STATE = np.array([1.0, 2.0, -1.0] + [0.5] * (STATE_SIZE - 3))
ACTION = np.zeros(ACTION_SIZE)
N, P = "(state[0] > 0)", "(float(state[1]) > 0)"  # both true

MEANT = {
    f"{N} + {N}": 1,  # NumPy: or
    f"{P} + {P}": 2,
    f"{N} + {P}": 1,
    f"{P} + True": 2,
    f"True + {P}": 2,
    f"{N} + True": 1,
    f"{P} - {P}": 0,
    f"{N} * {N} + {N}": 1,  # the product is a boolean again
    f"{P} * {P} + {P}": 2,  # and here an integer
    f"{N} + {N} + 1": 2,
    f"1 + {N} + {N}": 3,
    f"sum([{N}, {N}, {P}])": 3,  # from 0 on, which is an integer
    f"np.sum([{P}, {P}])": 2,
    f"np.add({P}, {P})": 1,  # a function of NumPy takes both for its own
    f"abs({P}) + abs({P})": 2,
    f"abs({N}) + abs({N})": 1,
    f"-{P}": -1,
    f"round({P}, 1) + round({P}, 1)": 2,
    f"math.fabs({N}) + math.fabs({N})": 2,  # floats
    f"({N} | np.asarray(math.pi != math.e)) + all([{N}, {N}])": 1,
    f"({P} | any([{N}])) + all([{N}, {N}])": 2,
    "np.allclose(state[0], 1.0) + np.allclose(state[1], 2.0)": 2,  # Python's, from NumPy
    "np.isclose(state[0], 1.0) + np.isclose(state[1], 2.0)": 1,
    f"{N}.item() + {N}.item()": 2,
    "(0.0 < state[0] < 2.0) + (0.0 < state[1] < 3.0)": 1,
    "(state[0] in (1.0, 5.0)) + (state[1] in (2.0, 5.0))": 2,
    f"(not {N}) + (not state[2] > 0) + (not state[2] > 0)": 2,
    f"1.0 if not ({P} & (float(state[2]) > 0)) else 0.0": 1,  # of an integer, ~ would be true
    f"({P} ^ {P}) + ({P} | {P}) + ({P} & {P})": 2,
    f"({N} if state[2] > 0 else 0.5) * 1.0 + {N}": 1.5,
    f"{N} / {N} + {P} / {P}": 2,
    f"{P} ** {P} + {P} // {P} + {P} % {P}": 2,
    f"{N} ** 2 + {N} // 2 + {N} % 2": 2,
}


@pytest.mark.parametrize("expression", MEANT)
def test_as_worked_out_by_hand(expression: str) -> None:
    source = extract(reward_program(f"return {expression}"))
    translated = load_functions(translate(source, STATE_SIZE, ACTION_SIZE).jnp_source)
    assert float(original_functions(source).calculate_reward(STATE, ACTION)) == MEANT[expression]
    assert float(translated.calculate_reward(STATE, ACTION)) == MEANT[expression]


def test_a_sum_in_a_loop_may_begin_with_false() -> None:
    body = f"total = False\nfor i in range(3):\n    total = total + {P}\nreturn total"
    source = extract(reward_program(body))
    translated = load_functions(translate(source, STATE_SIZE, ACTION_SIZE).jnp_source)
    assert float(translated.calculate_reward(STATE, ACTION)) == 3


OPEN = f"({N} if state[2] > 0 else {P})"  # NumPy's or Python's: the state decides


@pytest.mark.parametrize(
    ("expression", "rule"),
    [
        (f"{OPEN} + {P}", "boolean-arithmetic"),
        (f"-{OPEN}", "boolean-arithmetic"),
        (f"abs({OPEN})", "boolean-arithmetic"),
        (f"~{OPEN}", "invert"),
        (f"({N} and float(state[1]) > 0) + {P}", "boolean-arithmetic"),
        (f"max({N}, {P}) + True", "boolean-arithmetic"),
        (f"({N} if state[2] > 0 else 0.5) + {N}", "boolean-arithmetic"),
        (f"np.add({N} if state[2] > 0 else 0.5, {N})", "boolean-arithmetic"),
        (f"sum([{N}, {N}], {P})", "boolean-arithmetic"),
        (f"np.exp({N})", "boolean-arithmetic"),  # float16: 2.719
        (f"{N} ** {N}", "boolean-arithmetic"),  # an integer of eight bits
        (f"{N} - {N}", "fails"),
        (f"-{N}", "fails"),
        (f"+{N}", "fails"),
        (f"round({N})", "fails"),
        (f"~{P}", "invert"),
    ],
)
def test_refused_where_it_is_open_or_undefined(expression: str, rule: str) -> None:
    with pytest.raises(RewardCodeError) as refusal:
        translate(extract(reward_program(f"return {expression}")), STATE_SIZE, ACTION_SIZE)
    (finding,) = refusal.value.findings
    assert (finding.rule, finding.line) == (rule, 6)
    assert finding.column > 0 and finding.hint


def test_a_number_that_is_pythons_on_one_path_only() -> None:
    """Comparing it gives either sort of boolean."""
    body = "x = 0.0\nif state[0] > 0:\n    x = state[1]\nreturn (x > 0) + (x > 1)"
    with pytest.raises(RewardCodeError) as refusal:
        translate(extract(reward_program(body)), STATE_SIZE, ACTION_SIZE)
    assert refusal.value.findings[0].rule == "boolean-arithmetic"


def test_a_helper_called_with_both_sorts() -> None:
    program = f"""
def both(a, b):
    return a + b


def calculate_reward(state, action):
    return both({N}, {N}) + 2.0 * both({P}, {P})
"""
    with pytest.raises(RewardCodeError) as refusal:
        translate(extract(reward_program(program)), STATE_SIZE, ACTION_SIZE)
    assert refusal.value.findings[0].rule == "boolean-arithmetic"
