"""Every rule refuses what it should, at the line where it stands, and says what to do instead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lamour_jax.rewardcode import RewardCodeError, translate
from lamour_jax.rewardcode.extract import extract
from lamour_jax.rewardcode.hints import HINTS

PROGRAMS = sorted((Path(__file__).parent / "corpus" / "refused").glob("*.py"))
EXPECTED = re.compile(r"# expect: (\S+) at line (\d+)")


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_refused_with_rule_line_and_hint(path: Path) -> None:
    answer = path.read_text()
    expected = EXPECTED.match(answer)
    assert expected is not None
    with pytest.raises(RewardCodeError) as refusal:
        translate(extract(answer), state_size=27, action_size=8)
    first = refusal.value.findings[0]
    assert (first.rule, first.line) == (expected[1], int(expected[2]))
    assert first.message and first.hint and first.severity == "error"
    assert first.column > 0 or first.line == 0


def test_corpus_meets_every_rule_that_source_alone_can_break() -> None:
    """Rules about answers, running and files have tests of their own."""
    met = {match[1] for path in PROGRAMS if (match := EXPECTED.match(path.read_text()))}
    elsewhere = {
        "no-code", "too-long", "too-many-nodes", "try-dropped", "raise-dropped", "sandbox",
        "too-slow", "raises", "unsupported", "not-finite", "not-traceable", "mismatch",
        "gate-values", "path-not-rising",
        "constant-reward", "float32", "positive-reward", "healthy-not-better", "gate-and-reward",
        "gate-too-strict", "gate-too-loose", "constant-term", "no-artefact", "not-accepted",
        "edited", "other-translation",
    }  # fmt: skip
    assert set(HINTS) - met - elsewhere == set()


def test_all_faults_of_the_allow_list_at_once() -> None:
    source = (
        "import os\n"
        "def is_recovered(state):\n"
        "    return eval('1')\n"
        "def calculate_reward(state, action):\n"
        "    return np.random.rand() + state.__len__()\n"
    )
    with pytest.raises(RewardCodeError) as refusal:
        translate(source, 27, 8)
    assert [(f.line, f.rule) for f in refusal.value.findings] == [
        (1, "import"),
        (3, "forbidden-name"),
        (5, "random"),
        (5, "underscore"),
    ]


TAIL = "\ndef is_recovered(state):\n    return 1\ndef calculate_reward(state, action):\n    return "


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("x = 1\n" * 3000 + TAIL + "-state[0]", "too-long"),
        ("x = 1\n" * 700 + TAIL + "-state[0]", "too-many-nodes"),
        (TAIL + "-" * 9000 + "1", "too-deep"),
        (TAIL + "state" + ".T" * 5000, "too-deep"),
        (TAIL + "(" * 7000 + "1" + ")" * 7000, "syntax"),
        (TAIL + "1" + "+1" * 7000, "too-deep"),
        (TAIL + "1 \0", "syntax"),
    ],
    ids=["bytes", "nodes", "signs", "attributes", "parentheses", "sum", "null"],
)
def test_size_is_limited_before_anything_is_walked(source: str, rule: str) -> None:
    with pytest.raises(RewardCodeError) as refusal:
        translate(source, 27, 8)
    assert refusal.value.findings[0].rule in (rule, "too-many-nodes")


def test_chained_comparison_does_not_double_with_every_level() -> None:
    nested = "state[0]"
    for _ in range(30):
        nested = f"(0 < {nested} < 2)"
    with pytest.raises(RewardCodeError) as refusal:
        translate(TAIL + nested + "\n", 27, 8)
    assert refusal.value.findings[0].rule == "too-deep"
