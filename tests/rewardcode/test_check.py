"""Whole answers, as a language model writes them, from text to verdict."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from lamour_jax.rewardcode import check
from tests.rewardcode.harness import ant_samples

ACCEPTED = sorted((Path(__file__).parent / "corpus" / "accepted").glob("*.py"))


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_realistic_answers_are_accepted(path: Path) -> None:
    verdict = check(path.read_text(), ant_samples())
    assert verdict.accepted, verdict.summary()
    assert verdict.max_relative_difference < 1e-6
    assert math.isfinite(verdict.lowest_reward)


def test_ant_on_its_back_has_nothing_to_warn_of() -> None:
    path = next(path for path in ACCEPTED if path.stem == "ant_on_its_back")
    assert check(path.read_text(), ant_samples()).findings == ()


@pytest.mark.parametrize("answer", ["", "Sorry.", "```python\nimport os\n```", "def f(:\n" * 3])
def test_bad_answers_come_back_as_findings(answer: str) -> None:
    verdict = check(answer, ant_samples())
    assert not verdict.accepted and verdict.errors
    assert verdict.jnp_source is None and verdict.source == answer


def test_verdict_for_people_and_for_programs() -> None:
    answer = (
        "def is_recovered(state):\n"
        "    return eval('1')\n"
        "def calculate_reward(state, action):\n"
        "    return -state[99]\n"
    )
    verdict = check(answer, ant_samples())
    first, second, third = verdict.summary().splitlines()
    assert first == "refused"
    assert second.startswith("line 2, column 12: error [forbidden-name] eval")
    assert third == "    return eval('1')"
    record = json.loads(json.dumps(verdict.to_json(), allow_nan=False))
    assert record["lowest_reward"] is None and record["findings"][0]["line"] == 2


def test_a_fault_of_the_translator_refuses_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*arguments: object) -> None:
        raise KeyError("oops")

    monkeypatch.setattr("lamour_jax.rewardcode.checking.translate", stumble)
    verdict = check(ACCEPTED[0].read_text(), ant_samples())
    assert not verdict.accepted and verdict.errors[0].rule == "unsupported"
