"""What verification finds in programs that translate well."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lamour_jax.rewardcode import SampleStates, check, translate
from lamour_jax.rewardcode.limits import parse
from lamour_jax.rewardcode.verify import verify

GATE = "def is_recovered(state):\n    return 1 if state[0] > 0.5 else 0\n"
REWARD = "def calculate_reward(state, action):\n    return -abs(1.0 - state[0])\n"


def samples() -> SampleStates:
    generator = np.random.default_rng(0)
    random = generator.uniform(-1.0, 1.0, (64, 3))
    healthy, ood = np.tile([1.0, 0.0, 0.0], (8, 1)), np.tile([-1.0, 0.0, 0.0], (8, 1))
    return SampleStates(random, healthy, ood, generator.uniform(-1.0, 1.0, (16, 2)))


def rules(gate: str = GATE, reward: str = REWARD) -> list[tuple[str, str]]:
    verdict = check(gate + reward, samples())
    assert verdict.accepted == (not verdict.errors)
    return [(finding.severity, finding.rule) for finding in verdict.findings]


def reward_of(body: str) -> str:
    return f"def calculate_reward(state, action):\n    {body}\n"


def test_sound_program_has_no_findings() -> None:
    assert rules() == []


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("return -np.log(state[1])", "not-finite"),
        ("return -np.sqrt(state[1])", "not-finite"),
        ("return -1.0 / np.linalg.norm(action) - state[0]", "not-finite"),
        ("return -1.0 / float(state[1])", "raises"),
        ("return -math.sqrt(state[1])", "raises"),
        ("return -np.sum(action**2)", "constant-reward"),
        ("return -1.0", "constant-reward"),
    ],
)
def test_reward_refused(body: str, rule: str) -> None:
    assert ("error", rule) in rules(reward=reward_of(body))


def test_too_small_for_float32() -> None:
    verdict = check(GATE + reward_of("return np.log(max(state[0], 0.0) * 0.0 + 1e-50)"), samples())
    assert [f.rule for f in verdict.errors if "float32" in f.message] == ["not-finite"]


def test_exception_is_reported_at_its_line() -> None:
    verdict = check(GATE + reward_of("x = state[1]\n    return -math.log(x)"), samples())
    (finding,) = verdict.errors
    assert (finding.line, finding.rule) == (5, "raises")
    assert "ValueError" in finding.message and "state" in finding.message


def test_gate_gives_zero_or_one() -> None:
    gate = "def is_recovered(state):\n    return 2 if state[0] > 0.5 else 0\n"
    assert rules(gate) == [("error", "gate-values")]


@pytest.mark.parametrize(
    ("gate", "reward", "rule"),
    [
        (GATE, reward_of("return state[0]"), "positive-reward"),
        (GATE, reward_of("return -5.0 - state[0]"), "healthy-not-better"),
        (GATE, reward_of("return -5.0 - state[0]"), "gate-and-reward"),
        (GATE.replace("> 0.5", "> 5"), REWARD, "gate-too-strict"),
        (GATE.replace("> 0.5", "> -5"), REWARD, "gate-too-loose"),
        (
            GATE,
            reward_of("bonus = min(state[1] + 20.0, 0.5)\n    return -2.0 + bonus * state[0]"),
            "constant-term",
        ),
    ],
)
def test_warned_of_but_accepted(gate: str, reward: str, rule: str) -> None:
    assert ("warning", rule) in rules(gate, reward)


def test_constant_term_is_shown_at_its_line() -> None:
    body = "penalty = max(0.0, state[1] - 9.0)\n    return -abs(1 - state[0]) - penalty"
    (finding,) = check(GATE + reward_of(body), samples()).findings
    assert (finding.rule, finding.line) == ("constant-term", 4)


def test_wrong_translation_is_found() -> None:
    """A threshold that is taken the wrong way round only shows exactly on it."""
    source = GATE + REWARD
    translation = translate(source, 3, 2)
    for right, wrong in (("state[0] > 0.5", "state[0] >= 0.5"), ("jnp.abs(1.0", "jnp.abs(1.001")):
        assert right in translation.jnp_source
        tampered = translation.jnp_source.replace(right, wrong)
        changed = dataclasses.replace(translation, jnp_source=tampered)
        found = verify(parse(source), changed, samples())
        assert [finding.rule for finding in found.findings] == ["mismatch"]
        assert found.max_relative_difference > 1e-4


def test_what_jax_cannot_run_is_found_at_the_line_of_the_original() -> None:
    source = GATE + REWARD
    translation = translate(source, 3, 2)
    tampered = translation.jnp_source.replace("jnp.abs(1.0 - state[0])", "float(state[0])")
    found = verify(parse(source), dataclasses.replace(translation, jnp_source=tampered), samples())
    assert [(finding.rule, finding.line) for finding in found.findings] == [("not-traceable", 4)]


def test_difference_and_lowest_reward_are_measured() -> None:
    verdict = check(GATE + REWARD, samples())
    assert verdict.max_relative_difference < 1e-9
    assert verdict.lowest_reward <= -1.9


@pytest.mark.parametrize("field", ["random", "healthy", "ood", "actions"])
def test_samples_are_checked(field: str) -> None:
    arrays = {name: np.zeros((2, 3)) for name in ("random", "healthy", "ood", "actions")}
    arrays[field] = np.full((2, 3), np.nan)
    with pytest.raises(ValueError, match=field):
        SampleStates(**arrays)


@pytest.mark.parametrize(
    ("reward", "said"),
    [
        # state[0] goes from -1 to 1 in 10 steps: rises all the way, and where it falls.
        ("return -abs(1.0 - state[0])", None),
        ("return -abs(1.0 - state[0]) - 5.0 * (state[0] > 0.9)", "goes from -2 to -5"),
        ("return -3.0 + 0.1 * state[0] + abs(state[0])", "falls in 5 of 10 steps"),
        ("return -3.0 + state[0] - 0.3 * (-0.1 < state[0] < 0.1)", None),  # a bump on the way
    ],
)
def test_the_reward_should_rise_on_the_way_to_health(reward: str, said: str | None) -> None:
    path = np.zeros((11, 3))
    path[:, 0] = np.linspace(-1.0, 1.0, 11)
    verdict = check(GATE + reward_of(reward), dataclasses.replace(samples(), path=path))
    assert verdict.accepted
    messages = [f.message for f in verdict.findings if f.rule == "path-not-rising"]
    assert len(messages) == (0 if said is None else 1)
    assert said is None or said in messages[0]
