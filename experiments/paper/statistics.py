"""Interquartile means and their bootstrap intervals.

After Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", 2021.
Their package rliable is not needed for the two: it takes arch, pandas, statsmodels and seaborn
along, the newest of which do not work together (arch 7.2 does not import beside pandas 3).
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import trim_mean

REPETITIONS = 2000
LEVEL = 0.95


def iqm(values: np.ndarray, axis: int = 0) -> np.ndarray:
    """The mean of the middle half: a quarter of the values, rounded down, is cut off at each end.

    Of up to three values nothing is cut off.
    """
    return trim_mean(values, 0.25, axis=axis)


def iqm_over(strata: Sequence[np.ndarray]) -> np.ndarray:
    """The IQM of the values [S, ...] of all robots' seeds, each robot counted alike."""
    return iqm(_alike([np.asarray(values) for values in strata]))


def interval(
    strata: Sequence[np.ndarray], repetitions: int = REPETITIONS, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The ends of the percentile bootstrap interval of `iqm_over`.

    Seeds are drawn again with replacement within each stratum, so that every draw has as many of
    each robot as the data. Of a single value there is no interval: both ends are that value.

    Args:
      strata: values of each robot's seeds, [S, ...] with equal shapes behind S.

    Returns two arrays [...].
    """
    generator = np.random.default_rng(seed)
    draws = [
        values[generator.integers(len(values), size=(repetitions, len(values)))]
        for values in map(np.asarray, strata)
    ]
    estimates = iqm(_alike(draws, axis=1), axis=1)
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(estimates, [tail, 100 - tail], axis=0)
    return low, high


def _alike(strata: Sequence[np.ndarray], axis: int = 0) -> np.ndarray:
    """All values along `axis`, those of each robot repeated until all have as many: otherwise a
    robot that was run with more seeds would count for more."""
    size = math.lcm(*(values.shape[axis] for values in strata))
    repeated = [np.repeat(values, size // values.shape[axis], axis) for values in strata]
    return np.concatenate(repeated, axis)
