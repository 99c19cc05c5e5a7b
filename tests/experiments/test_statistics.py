"""Interquartile means by hand, intervals against a bootstrap written out."""

import math
import random

import numpy as np

from experiments.paper.statistics import interval, iqm, iqm_over


def test_iqm_is_the_mean_of_the_middle_half():
    assert iqm(np.array([8.0, 1, 7, 2, 600, 3, 5, -50])) == (2 + 3 + 5 + 7) / 4
    assert iqm(np.array([0.0, 1, 2, 3, 100])) == (1 + 2 + 3) / 3  # 5 / 4 is one at each end
    assert iqm(np.array([0.0, 0.0, 9.0])) == 3.0
    np.testing.assert_array_equal(iqm(np.array([[0.0, 1], [1, 2], [3, 4], [1, 90]])), [1.0, 3.0])


def test_robots_count_alike_however_many_seeds_they_were_run_with():
    # 0 0 0 0 0 0, 3 3 3 6 6 6 and 9 9 9 9 9 9 without four at each end: 2, 6 and 2 are left.
    assert iqm_over([[0.0], [3.0, 6.0], [9.0, 9.0, 9.0]]) == (3 * 3 + 3 * 6 + 2 * 9) / 10
    assert iqm_over([[1.0], [2.0]]) == iqm_over([[1.0] * 5, [2.0]]) == 1.5


def by_hand(strata: list[list[float]], repetitions: int) -> tuple[float, float]:
    """The same with Python's own means: repeat, sort, cut, average."""
    generator = random.Random(5)
    size = math.prod(len(values) for values in strata)
    estimates = []
    for _ in range(repetitions):
        drawn = sorted(
            x
            for values in strata
            for x in generator.choices(values, k=len(values)) * (size // len(values))
        )
        cut = len(drawn) // 4
        middle = drawn[cut : len(drawn) - cut]
        estimates.append(sum(middle) / len(middle))
    return np.quantile(estimates, 0.025), np.quantile(estimates, 0.975)


def test_interval_is_that_of_a_bootstrap_written_out():
    generator = np.random.default_rng(3)
    strata = [generator.normal(mean, 1.0, size) for mean, size in ((0, 5), (3, 4), (10, 6))]
    expected = by_hand([values.tolist() for values in strata], 20_000)
    np.testing.assert_allclose(interval(strata, 20_000), expected, atol=0.05)


def test_seeds_are_drawn_within_their_robot():
    """Drawn from all values, the share of each robot would swing, and the mean with it."""
    assert interval([[0.0, 0.0], [10.0, 10.0]]) == (5.0, 5.0)


def test_curves_have_an_interval_at_each_point():
    low, high = interval([np.array([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0]])])
    # Three times the lowest of three is drawn once in 27: more often than one in 40.
    np.testing.assert_array_equal([low, high], [[0.0, 5.0], [2.0, 5.0]])


def test_one_seed_has_no_interval():
    assert interval([np.array([4.0])]) == (4.0, 4.0)
