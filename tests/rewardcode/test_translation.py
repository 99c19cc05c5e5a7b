"""The translation means what the NumPy original means: one program for every row of the table."""

from __future__ import annotations

import ast
import textwrap
from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamour_jax.rewardcode import runtime, tables, translate
from lamour_jax.rewardcode.extract import extract
from lamour_jax.rewardcode.program import load_functions
from tests.rewardcode.combined import COMBINED
from tests.rewardcode.harness import (
    ACTION_SIZE,
    STATE_SIZE,
    Comparison,
    compare_all,
    harsh_states,
    reward_program,
    states_and_actions,
)
from tests.rewardcode.programs import PROGRAMS
from tests.rewardcode.rows import ROWS, TOP_ROWS, rows_of

pytestmark = pytest.mark.xdist_group("rewardcode_translation")  # they share one compilation


CORPUS = PROGRAMS | COMBINED
FINITE, HARSH = states_and_actions(920), harsh_states(80)
# NumPy itself leaves open what an array of integers holds where NaN was put into it.
UNDEFINED_ON_NAN = {"casts"}


@pytest.fixture(scope="module")
def results() -> dict[str, Comparison]:
    return compare_all(CORPUS, *(np.concatenate(pair) for pair in zip(FINITE, HARSH, strict=True)))


@pytest.mark.parametrize("name", CORPUS)
def test_same_as_numpy(name: str, results: dict[str, Comparison]) -> None:
    result = results[name]
    finite = slice(0, len(FINITE[0]))
    assert result.given[finite].all()
    for translated in (result.vmapped, result.plain):
        np.testing.assert_allclose(translated[finite], result.original[finite], 1e-6, 1e-9)


@pytest.mark.parametrize("name", sorted(CORPUS.keys() - UNDEFINED_ON_NAN))
def test_same_as_numpy_with_nan_and_infinity(name: str, results: dict[str, Comparison]) -> None:
    result = results[name]
    harsh = slice(len(FINITE[0]), None)
    given = result.given[harsh]
    for translated in (result.vmapped, result.plain):
        np.testing.assert_allclose(
            translated[harsh][given], result.original[harsh][given], 1e-6, 1e-9
        )


def test_harsh_states_are_compared(results: dict[str, Comparison]) -> None:
    """Where the original raises an exception there is nothing to compare."""
    given = np.stack([result.given[len(FINITE[0]) :] for result in results.values()])
    finite = np.stack([np.isfinite(r.original[len(FINITE[0]) :]) for r in results.values()])
    assert given.mean() > 0.8 and (given & ~finite).mean() > 0.1 and (given & finite).mean() > 0.3


def test_corpus_uses_every_row_of_the_table() -> None:
    used, deepest = Counter[str](), Counter[str]()
    for body in CORPUS.values():
        for row, depth in rows_of(ast.parse(reward_program(body))).items():
            used[row] += 1
            deepest[row] = max(deepest[row], depth)
    assert len(CORPUS) > 80
    assert [row for row in (*ROWS, *TOP_ROWS) if not used[row]] == []
    assert [row for row in ROWS if used[row] < 3 or deepest[row] < 3] == []


def translated_body(body: str) -> str:
    """The lines of calculate_reward, without its header."""
    source = translate(extract(reward_program(body)), STATE_SIZE, ACTION_SIZE).jnp_source
    function = source.split("def calculate_reward(state, action):\n")[1]
    return textwrap.dedent(function).strip()


def test_one_where_for_a_variable() -> None:
    assert translated_body(
        """
        penalty = 0.0
        if state[0] < 0.3:
            penalty = 1.0
        elif state[0] > 0.9:
            penalty += 0.5
        return -penalty
        """
    ) == textwrap.dedent(
        """\
        penalty = 0.0
        penalty = jnp.where(state[0] < 0.3, 1.0, jnp.where(state[0] > 0.9, penalty + 0.5, penalty))
        return -penalty"""
    )


def test_both_sides_then_where() -> None:
    assert translated_body(
        """
        if state[0] > 0.0:
            # upright
            weight = 2.0
            reward = -weight * state[1]
        else:
            reward = -1.0
        return reward
        """
    ) == textwrap.dedent(
        """\
        when_6 = state[0] > 0.0
        # upright
        weight_then = 2.0
        reward_then = -weight_then * state[1]
        reward_else = -1.0
        reward = jnp.where(when_6, reward_then, reward_else)
        return reward"""
    )


def test_first_return_taken() -> None:
    assert translated_body(
        """
        fallen = state[0] < 0.3
        if fallen:
            return -2.0
        if state[1] > 0.5 and state[2] > 0.5:
            return -1.0 - state[1]
        return -state[1]
        """
    ) == textwrap.dedent(
        """\
        fallen = state[0] < 0.3
        when_9 = (state[1] > 0.5) & (state[2] > 0.5)
        result_10 = -1.0 - state[1]
        return jnp.where(fallen, -2.0, jnp.where(when_9, result_10, -state[1]))"""
    )


def test_known_conditions_stay_python_or_vanish() -> None:
    assert translated_body(
        """
        total = 0.0
        for i in range(3):
            if i == 1:
                total += state[i]
        if len(state) > 5:
            total *= 2
        return total
        """
    ) == textwrap.dedent(
        """\
        total = 0.0
        for i in range(3):
            if i == 1:
                total += state[i]
        total *= 2
        return total"""
    )


def test_masks_become_where() -> None:
    assert translated_body("return -np.sum(action[np.abs(action) > 0.5])") == (
        "return -jnp.sum(action, where=jnp.abs(action) > 0.5)"
    )


def test_max_is_pythons() -> None:
    assert translated_body("return max(0.0, state[0])") == "return python_max(0.0, state[0])"


@pytest.mark.parametrize("name", sorted(tables.NUMPY_FUNCTIONS.items()))
def test_every_numpy_name_of_the_table_exists(name: tuple[str, str]) -> None:
    for module, path in zip((np, jnp), name, strict=True):
        target = module
        for part in path.split("."):
            target = getattr(target, part)
        assert callable(target)


def test_every_math_name_of_the_table_exists() -> None:
    import math

    assert all(hasattr(math, name) for name in tables.MATH_FUNCTIONS)
    assert all(hasattr(jnp, name) for name in tables.MATH_FUNCTIONS.values())


@pytest.mark.parametrize("values", [(1.0, 2.0), (2.0, 1.0), (np.nan, 1.0), (1.0, np.nan)])
def test_max_and_min_with_nan_and_ties(values: tuple[float, float]) -> None:
    np.testing.assert_equal(float(runtime.python_max(*values)), max(values))
    np.testing.assert_equal(float(runtime.python_min(*values)), min(values))


def test_max_and_min_of_ties_keep_the_first() -> None:
    assert np.signbit(runtime.python_max(-0.0, 0.0)) == np.signbit(max(-0.0, 0.0))
    assert np.signbit(runtime.python_min([0.0, -0.0])) == np.signbit(min([0.0, -0.0]))


def test_traced_index_outside_the_array_is_not_clamped() -> None:
    source = reward_program("return state[int(state[0])]")
    functions = load_functions(translate(source, STATE_SIZE, ACTION_SIZE).jnp_source)
    state = jnp.arange(13.0)
    assert functions.calculate_reward(state.at[0].set(3.0), None) == 3.0
    assert functions.calculate_reward(state.at[0].set(-1.0), None) == 12.0
    assert np.isnan(functions.calculate_reward(state.at[0].set(13.0), None))


def test_training_runs_in_float32() -> None:
    source = reward_program("return np.float64(state[0]) + np.zeros(2, dtype=float)[0] + 1e-3")
    functions = load_functions(translate(source, STATE_SIZE, ACTION_SIZE).jnp_source)
    result = jax.jit(functions.calculate_reward)(jnp.zeros(13), jnp.zeros(4))
    assert result.dtype == jnp.float32


def test_translation_holds_jnp_and_our_own_helpers_only() -> None:
    for name, body in CORPUS.items():
        source = translate(extract(reward_program(body)), STATE_SIZE, ACTION_SIZE).jnp_source
        imports = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Import)]
        modules = {alias.name for node in imports for alias in node.names}
        assert modules <= {"jax.numpy", "math"}, name


def test_translating_again_gives_the_same_text() -> None:
    for body in CORPUS.values():
        source = extract(reward_program(body))
        texts = {translate(source, STATE_SIZE, ACTION_SIZE).jnp_source for _ in range(2)}
        assert len(texts) == 1


def test_warnings_about_what_is_left_out() -> None:
    source = reward_program("try:\n    x = state[0]\nexcept ValueError:\n    x = 0.0\n"
                            "if x > 5:\n    raise ValueError('high')\nreturn x")  # fmt: skip
    findings = translate(source, STATE_SIZE, ACTION_SIZE).findings
    assert [(f.line, f.rule, f.severity) for f in findings] == [
        (6, "try-dropped", "warning"),
        (11, "raise-dropped", "warning"),
    ]


def test_comments_are_carried_over_once() -> None:
    source = reward_program("# the height\nz = state[0]  # metres\nreturn -z")
    text = translate(source, STATE_SIZE, ACTION_SIZE).jnp_source
    assert text.count("# the height") == text.count("# metres") == 1
