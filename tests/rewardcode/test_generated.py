"""Random programs out of the accepted grammar: the translation means what NumPy means.

Always the same programs, drawn by seeds: Hypothesis draws by the constants in whatever modules are
loaded, too. Their translations are compiled many at a time.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import jax
import numpy as np
import pytest

from experiments.reward_fuzz.programs import random_program
from lamour_jax.rewardcode import RewardCodeError, translate
from lamour_jax.rewardcode.program import as_scalar, load_functions
from tests.rewardcode.harness import (
    ACTION_SIZE,
    STATE_SIZE,
    harsh_states,
    original_functions,
    outcomes,
    states_and_actions,
)

COUNT = 100
PLAIN_COUNT = 10  # of them run without vmap, too
# What the grammar brings about now and then and the translator rightly refuses.
LEGITIMATE = {
    "too-many-steps", "too-deep", "big-number", "fails", "mixed-types", "assignment",
    "captured-variable", "varying-type", "too-long", "too-many-nodes", "shared-array",
    "boolean-arithmetic", "invert",
}  # fmt: skip

FINITE, HARSH = states_and_actions(32), harsh_states(32)
STATES, ACTIONS = (np.concatenate(pair) for pair in zip(FINITE, HARSH, strict=True))
NAMES = ("is_recovered", "calculate_reward")


@pytest.fixture(scope="module")
def drawn() -> dict[str, str | None]:
    """Programs and their translations; None where it is refused by a rule of those above."""
    programs = [random_program(Random(seed), STATE_SIZE, ACTION_SIZE) for seed in range(COUNT)]
    return {source: translated(source) for source in programs}


def translated(source: str) -> str | None:
    try:
        return translate(source, STATE_SIZE, ACTION_SIZE).jnp_source
    except RewardCodeError as refusal:
        assert refusal.findings[0].rule in LEGITIMATE, f"{refusal}\n{source}"
        return None


def test_most_programs_of_the_grammar_are_accepted(drawn: dict[str, str | None]) -> None:
    accepted = [source for source, translation in drawn.items() if translation is not None]
    assert len(drawn) > 0.8 * COUNT
    assert len(accepted) > 0.9 * len(drawn)
    together = "\n".join(accepted)
    for construct in (
        "elif",
        "for",
        "while",
        "break",
        "continue",
        "return",
        "lambda",
        "] = ",
        "+=",
    ):
        assert together.count(construct) >= 2, construct


@pytest.mark.parametrize("mode", ["vmapped", "one by one"])
def test_generated_programs_mean_what_numpy_means(mode: str, drawn: dict[str, str | None]) -> None:
    programs = {s: t for s, t in drawn.items() if t is not None}
    if mode == "one by one":  # the longest: they have most in them
        programs = {s: programs[s] for s in sorted(programs, key=len)[-PLAIN_COUNT:]}
    results = run_translations(list(programs.values()), vmapped=mode == "vmapped")
    verdicts = Counter(
        compare(source, translation, result)
        for (source, translation), result in zip(programs.items(), results, strict=True)
    )
    assert verdicts["unstable"] <= 0.05 * len(programs), verdicts


def run_translations(translations: list[str], *, vmapped: bool) -> list[tuple[np.ndarray, ...]]:
    """Both functions of every program on all states, [B] each, compiled together."""
    with jax.enable_x64(True):
        loaded = [load_functions(text, f"generated_{i}.py") for i, text in enumerate(translations)]

        def evaluate(pair: tuple[jax.Array, jax.Array]) -> list[tuple[jax.Array, ...]]:
            state, action = pair
            return [
                (as_scalar(f.is_recovered(state)), as_scalar(f.calculate_reward(state, action)))
                for f in loaded
            ]

        mapped = jax.vmap(evaluate) if vmapped else lambda pairs: jax.lax.map(evaluate, pairs)
        return jax.device_get(jax.jit(mapped)((STATES, ACTIONS)))


def compare(source: str, translation: str, result: tuple[np.ndarray, ...]) -> str:
    """ "same", or "unstable" where they differ in a state beside which the original jumps."""
    verdict = "same"
    original = original_functions(source)
    for name, values, arguments in zip(NAMES, result, ((STATES,), (STATES, ACTIONS)), strict=True):
        function = getattr(original, name)
        expected, is_given = outcomes(function, *arguments)
        wrong = np.flatnonzero(is_given & ~close(values, expected))
        if multiplies_a_truth_value(source):
            wrong = wrong[wrong < len(FINITE[0])]
        steady = [index for index in wrong if is_steady(function, arguments, index)]
        assert not steady, (
            f"{name}, state {steady[0]}: {values[steady]}, NumPy {expected[steady]}\n"
            f"{source}\n{translation}"
        )
        if len(wrong):
            verdict = "unstable"
    return verdict


def multiplies_a_truth_value(source: str) -> bool:
    """XLA makes 0 of False times NaN (docs/reward-code.md): such programs are held to NumPy's
    results in finite states alone."""

    def is_truth(node: ast.expr) -> bool:
        if isinstance(node, ast.Call):
            return ast.unparse(node.func) == "np.bool_"
        if isinstance(node, ast.UnaryOp):
            return isinstance(node.op, ast.Invert | ast.Not)
        return isinstance(node, ast.Compare | ast.BoolOp)

    products = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.BinOp))
    return any(
        isinstance(node.op, ast.Mult) and (is_truth(node.left) or is_truth(node.right))
        for node in products
    )


def close(values: np.ndarray, reference: np.ndarray | float) -> np.ndarray:
    return np.isclose(values, reference, rtol=1e-6, atol=1e-9, equal_nan=True)


def is_steady(function: Callable[..., Any], arguments: tuple[np.ndarray, ...], index: int) -> bool:
    """Does the original give the same at once beside the state? Else rounding may decide."""
    generator = np.random.default_rng(3)
    beside = [
        part[index] + 1e-12 * generator.choice([-1.0, 0.0, 1.0], (8, part.shape[1]))
        for part in arguments
    ]
    values, is_given = outcomes(function, *beside)
    here, _ = outcomes(function, *(part[index : index + 1] for part in arguments))
    return bool(is_given.all() and close(values, here[0]).all())
