"""Turns and ratios, on a clock of our own."""

import pytest

from lamour_jax.bench import timing
from lamour_jax.bench.timing import Sample, in_turns, repeats_for, timed


def test_ratio_is_of_turns_not_of_medians():
    """The second turn was slow for both: the ratio is the same in every turn."""
    ours, theirs = Sample((20.0, 4.0, 30.0)), Sample((10.0, 2.0, 15.0))
    assert ours.ratio_to(theirs) == 2.0
    assert (ours.median, ours.low, ours.high) == (20.0, 4.0, 30.0)
    # Turns' ratios 3, 1, 1 against medians 3 / 2.
    assert Sample((3.0, 1.0, 4.0)).ratio_to(Sample((1.0, 1.0, 4.0))) == 1.0


def test_contenders_take_turns_after_a_first_call_each():
    calls = []

    def contender(name, value):
        def rate(seconds):
            calls.append((name, seconds))
            return value

        return rate

    samples = in_turns({"a": contender("a", 2.0), "b": contender("b", 3.0)}, 1.0, repeats=2)
    assert calls == [("a", 0.0), ("b", 0.0), ("a", 0.5), ("b", 0.5), ("a", 0.5), ("b", 0.5)]
    assert samples["a"].rates == (2.0, 2.0) and samples["b"].rates == (3.0, 3.0)


@pytest.mark.parametrize(("seconds", "calls"), [(0.0, 1), (2.5, 3)])
def test_calls_until_the_time_is_over(monkeypatch, seconds, calls):
    now = 0.0
    made = 0

    def call():
        nonlocal now, made
        now += 1.0
        made += 1

    monkeypatch.setattr(timing.time, "perf_counter", lambda: now)
    assert timed(call, 10.0)(seconds) == 10.0
    assert made == calls


def test_repeats_until_launching_does_not_count(monkeypatch):
    now = 0.0

    def call(count):
        nonlocal now
        now += 0.003 + 0.002 * count  # launched in 3 ms

    monkeypatch.setattr(timing.time, "perf_counter", lambda: now)
    assert repeats_for(call, 0.05) == 32  # 16 take 35 ms
    assert repeats_for(call, 0.001) == 1
