"""Random programs out of the accepted grammar: the translation means what NumPy means.

Translations run without jit, which would compile every program for itself: vmapped over all states
and one by one on some.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

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

EXAMPLES = 150
# What the grammar brings about now and then and the translator rightly refuses.
LEGITIMATE = {
    "too-many-steps", "too-deep", "big-number", "fails", "mixed-types", "assignment",
    "captured-variable", "varying-type", "too-long", "too-many-nodes", "shared-array",
}  # fmt: skip

FINITE, HARSH = states_and_actions(16), harsh_states(8)
STATES, ACTIONS = (np.concatenate(pair) for pair in zip(FINITE, HARSH, strict=True))
PLAIN = (0, 1, 20)


def judge(source: str) -> str:
    """ "same", "unstable" where the original jumps between a state and its neighbours, or the rule
    by which the program is refused."""
    try:
        translation = translate(source, STATE_SIZE, ACTION_SIZE)
    except RewardCodeError as refusal:
        return refusal.findings[0].rule
    original = original_functions(source)
    with jax.enable_x64(True):
        translated = load_functions(translation.jnp_source, "generated.py")
        verdicts = {
            _compare(original.is_recovered, translated.is_recovered, STATES),
            _compare(original.calculate_reward, translated.calculate_reward, STATES, ACTIONS),
        }
    return max(verdicts)  # "unstable" if one is


def _compare(
    original: Callable[..., Any], translated: Callable[..., Any], *arguments: np.ndarray
) -> str:
    values, given_at = outcomes(original, *arguments)
    vmapped = jax.vmap(lambda *row: as_scalar(translated(*row)))(*arguments)
    wrong = given_at & ~_close(np.asarray(vmapped), values)
    rows = [[jax.numpy.asarray(part[index]) for part in arguments] for index in PLAIN]
    plain = np.array([as_scalar(translated(*row)) for row in rows])
    wrong[list(PLAIN)] |= given_at[list(PLAIN)] & ~_close(plain, values[list(PLAIN)])
    steady = [index for index in np.flatnonzero(wrong) if _is_steady(original, arguments, index)]
    assert not steady, f"state {steady[0]}: {np.asarray(vmapped)[steady]}, NumPy {values[steady]}"
    return "unstable" if wrong.any() else "same"


def _close(values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return np.isclose(values, reference, rtol=1e-6, atol=1e-9, equal_nan=True)


def _is_steady(original: Callable[..., Any], arguments: tuple[np.ndarray, ...], index: int) -> bool:
    """Does the original give the same at once beside the state? Else rounding may decide."""
    generator = np.random.default_rng(3)
    beside = [
        part[index] + 1e-12 * generator.choice([-1.0, 0.0, 1.0], (8, part.shape[1]))
        for part in arguments
    ]
    values, given_at = outcomes(original, *beside)
    here, _ = outcomes(original, *(part[index : index + 1] for part in arguments))
    return bool(given_at.all() and _close(values, here[0]).all())


def test_generated_programs_mean_what_numpy_means() -> None:
    seen: Counter[str] = Counter()

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.randoms(use_true_random=False))
    def try_one(rng: Any) -> None:
        source = random_program(rng, STATE_SIZE, ACTION_SIZE)
        note(source)
        verdict = judge(source)
        assert verdict in LEGITIMATE | {"same", "unstable"}
        seen[verdict] += 1

    try_one()
    assert seen.total() >= EXAMPLES
    assert seen["same"] >= 0.7 * seen.total(), seen
    assert seen["unstable"] <= 0.03 * seen.total(), seen
