"""Known ways out of Python sandboxes: refused for their reason, and without a trace.

`listening` notes every event by which Python itself would tell that something is executed, opened,
started or connected to while `check` is at work.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from lamour_jax.rewardcode import SampleStates, check
from tests.rewardcode.conftest import SECRET_VALUE
from tests.rewardcode.escapes import THROWN_AWAY, all_escapes
from tests.rewardcode.harness import ACTION_SIZE, STATE_SIZE, reward_program
from tests.rewardcode.sandboxed import with_bait

ESCAPES = all_escapes()
_REACHING = (
    "exec", "open", "socket.", "subprocess.", "os.", "shutil.", "pty.", "ctypes.", "urllib.",
    "pickle.", "marshal.", "code.__new__", "function.__new__", "mmap.", "resource.",
    "builtins.input", "builtins.breakpoint",
)  # fmt: skip
_listener: list[list[str] | None] = [None]


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and str(arguments[0]) in ("<unknown>", "<reward>"):
        return  # Python looks for the line of a syntax error in the file of that name
    if _listener[0] is not None and event.startswith(_REACHING):
        _listener[0].append(f"{event} {arguments!r:.200}")


sys.addaudithook(_note)  # there is no taking it off: it listens while a test wants it to


@contextmanager
def listening() -> Iterator[list[str]]:
    """The events from here to the end of the block."""
    events: list[str] = []
    _listener[0] = events
    yield events
    _listener[0] = None


@pytest.fixture(scope="module")
def samples() -> SampleStates:
    generator = np.random.default_rng(0)
    random = generator.uniform(-1.0, 1.0, (64, STATE_SIZE))
    healthy, ood = np.ones((8, STATE_SIZE)), -np.ones((8, STATE_SIZE))
    return SampleStates(random, healthy, ood, generator.uniform(-1.0, 1.0, (16, ACTION_SIZE)))


@pytest.mark.parametrize("name", ESCAPES)
def test_refused_for_its_reason_and_without_a_trace(
    name: str, samples: SampleStates, bait: dict[str, str]
) -> None:
    rules, text = ESCAPES[name]
    answer = reward_program(with_bait(text, bait))
    with listening() as events:
        verdict = check(answer, samples)
    assert not events
    assert not verdict.accepted and verdict.jnp_source is None
    assert {finding.rule for finding in verdict.errors} == set(rules.split()), verdict.summary()
    assert "cannot be handled" not in verdict.errors[0].message
    assert SECRET_VALUE not in verdict.summary() + str(verdict.to_json())


def test_what_is_thrown_away_has_no_effect(samples: SampleStates, bait: dict[str, str]) -> None:
    verdict = check(with_bait(THROWN_AWAY, bait), samples)
    assert verdict.accepted, verdict.summary()
    assert verdict.jnp_source is not None
    code = [line.partition("#")[0] for line in verdict.jnp_source.splitlines()]
    for word in ("canary", "os", "log", "__"):
        assert not any(word in line for line in code[5:]), verdict.jnp_source
    assert SECRET_VALUE not in verdict.jnp_source + verdict.summary() + str(verdict.to_json())


def test_nothing_of_the_answer_steers_the_terminal(samples: SampleStates) -> None:
    verdict = check(reward_program("return eval('\x1b]0;owned\x07\x1b[2J')"), samples)
    assert verdict.errors[0].rule == "forbidden-name"
    assert all(line.isprintable() for line in verdict.summary().split("\n"))
