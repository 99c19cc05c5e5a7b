"""Tries a translation out: against the NumPy original, and against what a reward should be.

The original runs in the sandbox in float64; the translation here, in float64 for the comparison
and in float32 as in training.
"""

from __future__ import annotations

import ast
import math
import traceback
from dataclasses import dataclass, field

import jax
import numpy as np

from .findings import Finding, RewardCodeError, Severity
from .hints import HINTS
from .names import module_bindings
from .normalise import normalise
from .program import JNP_FILE, as_scalar, load_functions
from .samples import SampleStates, Trials, make_trials
from .sandbox import OriginalResults, run_original
from .translate import Translation

RELATIVE_TOLERANCE = 1e-4
SCALE = 1e-2  # differences are relative to the value, or to this where the value is smaller
PLAIN_STATES = 8  # also evaluated one by one, without vmap
FLOAT32_TOLERANCE = 1e-2
MAX_FALLS = 0.25  # of the steps of a path, which is straight in joint angles and no more than that
FLOAT32_SHARE = 0.01  # of states that rounding may push over a threshold without a word


@dataclass
class Verification:
    """What the trials showed."""

    findings: list[Finding] = field(default_factory=list)
    max_relative_difference: float = math.nan
    lowest_reward: float = math.nan

    def add(self, rule: str, message: str, hint: str = "", line: int = 0) -> None:
        """Note an error."""
        self._note(rule, message, hint, line, "error")

    def warn(self, rule: str, message: str, line: int = 0) -> None:
        """Note a warning."""
        self._note(rule, message, "", line, "warning")

    def _note(self, rule: str, message: str, hint: str, line: int, severity: Severity) -> None:
        column = 1 if line else 0
        self.findings.append(Finding(line, column, rule, message, hint or HINTS[rule], severity))


@dataclass(frozen=True)
class _Results:
    """The translation on all trials: [B], plain [PLAIN_STATES], and with one action throughout."""

    recovered: np.ndarray
    reward: np.ndarray
    plain_recovered: np.ndarray
    plain_reward: np.ndarray
    same_action: np.ndarray


def verify(tree: ast.Module, translation: Translation, samples: SampleStates) -> Verification:
    """Run original and translation; `tree` is the checked source."""
    original_tree = normalise(tree)
    trials = make_trials(samples, original_tree)
    found = Verification()
    try:
        original = run_original(original_tree, module_bindings(tree), trials.states, trials.actions)
        _check_original(original, trials, found)
        if not found.findings:
            found.lowest_reward = float(original.reward.min())
            _check_translation(original, translation, trials, found)
    except RewardCodeError as error:
        found.findings += error.findings
    return found


def _check_translation(
    original: OriginalResults, translation: Translation, trials: Trials, found: Verification
) -> None:
    double = _run_translation(translation, trials, x64=True)
    single = _run_translation(translation, trials, x64=False)
    _compare(original, double, trials, found)
    _check_float32(double, single, trials, found)
    if np.ptp(double.same_action) <= 1e-9 * max(1.0, float(np.abs(double.same_action).max())):
        found.add("constant-reward", "the reward does not depend on the state")
    if not any(finding.severity == "error" for finding in found.findings):
        _judge(original, double, trials, found)
        _judge_terms(original, translation, found)


def _run_translation(translation: Translation, trials: Trials, x64: bool) -> _Results:
    """Everything in one jit: compiling is what takes the time."""

    def evaluate(states: jax.Array, actions: jax.Array) -> tuple[jax.Array, ...]:
        def recovered(state: jax.Array) -> jax.Array:
            return as_scalar(functions.is_recovered(state))

        def reward(state: jax.Array, action: jax.Array) -> jax.Array:
            return as_scalar(functions.calculate_reward(state, action))

        def both(pair: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            return recovered(pair[0]), reward(*pair)

        plain = jax.lax.map(both, (states[:PLAIN_STATES], actions[:PLAIN_STATES]))
        rewards = jax.vmap(reward)(states, actions)
        same_action = jax.vmap(reward, (0, None))(states, actions[0])
        return jax.vmap(recovered)(states), rewards, *plain, same_action

    with jax.enable_x64(x64):
        dtype = np.float64 if x64 else np.float32
        try:
            functions = load_functions(translation.jnp_source)
            arguments = trials.states.astype(dtype), trials.actions.astype(dtype)
            results = jax.jit(evaluate)(*arguments)
            return _Results(*(np.asarray(result, np.float64) for result in results))
        except Exception as error:
            raise RewardCodeError([_tracing_finding(error, translation)]) from None


def _tracing_finding(error: Exception, translation: Translation) -> Finding:
    """What jax says about the translation, at the line of the original."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == JNP_FILE]
    line = translation.origins[lines[-1] - 1] if lines and lines[-1] else 0
    message = str(error).strip().splitlines()[:1] or [type(error).__name__]
    text = f"JAX cannot run this: {message[0]}"
    return Finding(line, 1 if line else 0, "not-traceable", text, HINTS["not-traceable"])


def _check_original(original: OriginalResults, trials: Trials, found: Verification) -> None:
    """The original gives one finite number everywhere, and 0 or 1 from is_recovered."""
    for fault in original.faults[:1]:
        where = "when loaded" if fault.index < 0 else f"on a {trials.group_of(fault.index)} state"
        not_scalar = fault.type == "TypeError" and fault.message.startswith("the result ")
        found.add(
            "not-a-scalar" if not_scalar else "raises",
            f"{fault.function} fails {where}: {fault.type}: {fault.message}",
            line=fault.line,
        )
    if original.faults:
        return
    for name, values in (
        ("is_recovered", original.recovered),
        ("calculate_reward", original.reward),
    ):
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            found.add(
                "not-finite",
                f"{name} is {values[bad[0]]} on {len(bad)} of {len(values)} states, the first a "
                f"{trials.group_of(bad[0])} state",
            )
    odd = np.flatnonzero(~np.isin(original.recovered, (0.0, 1.0)))
    if len(odd) and not found.findings:
        found.add("gate-values", f"is_recovered gives {original.recovered[odd[0]]:g}")


def relative_difference(values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """|values - reference| relative to the reference; infinite where one is not finite."""
    with np.errstate(invalid="ignore"):
        difference = np.abs(values - reference) / np.maximum(np.abs(reference), SCALE)
    return np.where(np.isfinite(values) & np.isfinite(reference), difference, np.inf)


def _compare(
    original: OriginalResults, double: _Results, trials: Trials, found: Verification
) -> None:
    found.max_relative_difference = 0.0
    for name, values, plain, reference in (
        ("is_recovered", double.recovered, double.plain_recovered, original.recovered),
        ("calculate_reward", double.reward, double.plain_reward, original.reward),
    ):
        difference = relative_difference(values, reference)
        worst = int(difference.argmax())
        found.max_relative_difference = max(found.max_relative_difference, float(difference[worst]))
        if difference[worst] > RELATIVE_TOLERANCE:
            found.add(
                "mismatch",
                f"{name}: the translation gives {values[worst]:.6g}, NumPy {reference[worst]:.6g} "
                f"on a {trials.group_of(worst)} state",
            )
        elif relative_difference(plain, reference[: len(plain)]).max() > RELATIVE_TOLERANCE:
            found.add("mismatch", f"{name}: evaluated one by one, states give other results")


def _check_float32(double: _Results, single: _Results, trials: Trials, found: Verification) -> None:
    for name, values, reference in (
        ("is_recovered", single.recovered, double.recovered),
        ("calculate_reward", single.reward, double.reward),
    ):
        bad = np.flatnonzero(~np.isfinite(values) & np.isfinite(reference))
        if len(bad):
            found.add(
                "not-finite",
                f"{name} is {values[bad[0]]} in float32 on a {trials.group_of(bad[0])} state",
                "numbers below 1e-38 are zero in float32: use 1e-6",
            )
            continue
        inside = slice(0, trials.groups["boundary"].start)
        apart = relative_difference(values, reference)[inside] > FLOAT32_TOLERANCE
        if apart.mean() > FLOAT32_SHARE:
            message = f"{name} differs in float32 on {apart.mean():.0%} of the states"
            found.warn("float32", message)


def _judge(
    original: OriginalResults, double: _Results, trials: Trials, found: Verification
) -> None:
    """Warnings: what runs, but is unlikely to teach a recovery."""
    recovered = original.recovered.astype(bool)
    healthy, ood = trials.groups["healthy"], trials.groups["OOD"]
    rewards = double.same_action  # the state's part in it
    if original.reward.max() > 0:
        found.warn("positive-reward", f"the reward reaches {original.reward.max():.3g}")
    if rewards[healthy].mean() <= rewards[ood].mean():
        found.warn("healthy-not-better", "a healthy state does not score above the OOD state")
    both_sorts = recovered.any() and not recovered.all()
    if both_sorts and rewards[recovered].mean() <= rewards[~recovered].mean():
        found.warn(
            "gate-and-reward", "states that count as recovered do not score above the others"
        )
    if "path" in trials.groups:
        _judge_path(rewards[trials.groups["path"]], found)
    if not recovered[healthy].any():
        found.warn("gate-too-strict", "no healthy state counts as recovered")
    if recovered[ood].all():
        found.warn("gate-too-loose", "every OOD state counts as recovered")


def _judge_path(rewards: np.ndarray, found: Verification) -> None:
    """The reward should rise on the way from an OOD pose to a healthy one, step by step."""
    steps = np.diff(rewards)
    falls = int((steps < -1e-6 * max(1.0, float(np.abs(rewards).max()))).sum())
    if rewards[-1] <= rewards[0]:
        found.warn(
            "path-not-rising",
            f"from the OOD pose to the normal one the reward goes from {rewards[0]:.3g} to "
            f"{rewards[-1]:.3g}",
        )
    elif falls > MAX_FALLS * len(steps):
        found.warn(
            "path-not-rising",
            f"on the straight way from the OOD pose to the normal one the reward falls in {falls} "
            f"of {len(steps)} steps",
        )


def _judge_terms(original: OriginalResults, translation: Translation, found: Verification) -> None:
    for name, line in translation.terms.items():
        low, high = original.terms.get(name, (0.0, 1.0))
        if high - low <= 1e-9 * max(1.0, abs(low)):
            found.warn("constant-term", f"{name} is {low:.6g} on every state tried", line)
