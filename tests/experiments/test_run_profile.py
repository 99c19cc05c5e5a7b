"""The clocks around a run's phases, on a time of our own."""

import pytest

from experiments import run_profile
from experiments.run_profile import PHASES, Clocks, table


def test_a_phase_is_without_those_inside_it(monkeypatch):
    now = 0.0
    monkeypatch.setattr(run_profile.time, "perf_counter", lambda: now)
    monkeypatch.setattr(run_profile.time, "process_time", lambda: 2.0 * now)

    def work(seconds):
        nonlocal now
        now += seconds
        return seconds

    clocks = Clocks()
    inner = clocks.around("compiling", work)

    def judge():
        work(1.0)
        inner(3.0)
        work(2.0)
        raise ValueError

    work(0.5)
    with pytest.raises(ValueError):
        clocks.around("judging", judge)()
    assert inner(4.0) == 4.0
    work(1.5)
    clocks.charge()
    assert clocks.spent == {
        "rest": [0, 2.0, 4.0],
        "judging": [1, 3.0, 6.0],
        "compiling": [2, 7.0, 14.0],
    }
    first = table("hopper", clocks.spent)[0]
    assert (first["phase"], first["calls"], first["seconds"]) == ("compiling", 2, 7.0)
    assert (first["share"], first["cores"]) == (0.5833, 2.0)


def test_every_phase_is_there():
    for owner, name, _ in PHASES:
        assert callable(getattr(owner, name))
