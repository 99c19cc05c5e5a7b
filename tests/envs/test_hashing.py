"""Random numbers by a hash: as even and as independent as a generator's."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats

from envs.hashing import hashed_bits, hashed_uniform, key_words

KEYS, PLACES = 200, 512


def draws() -> np.ndarray:
    """[KEYS, PLACES] in [0, 1), a row for each of neighbouring seeds."""
    keys = jax.vmap(jax.random.key)(jnp.arange(KEYS))
    return np.asarray(jax.vmap(lambda key: hashed_uniform(key_words(key), (PLACES,)))(keys))


def test_by_pythons_own_integers():
    def finalised(x: int, word: int = 0) -> int:
        x = ((x ^ (x >> 16)) * 0x85EBCA6B) % 2**32 ^ word
        x = ((x ^ (x >> 13)) * 0xC2B2AE35) % 2**32
        return x ^ (x >> 16)

    one, other = 0xDEADBEEF, 0x12345678
    first = (finalised(one) + finalised(other + 1)) % 2**32
    second = (finalised(other) + finalised(one + 1)) % 2**32
    expected = [finalised((place * 0x9E3779B9 + first) % 2**32, second) for place in range(6)]
    bits = hashed_bits(jnp.array([one, other], jnp.uint32), (2, 3))
    assert bits.dtype == jnp.uint32
    assert np.asarray(bits).ravel().tolist() == expected
    # The published finaliser (nothing mixed in) of 1 is 0x514E28B7.
    assert finalised(1) == 0x514E28B7


def test_uniform_within_a_row_and_over_rows():
    x = draws()
    assert x.min() >= 0.0 and x.max() < 1.0
    assert stats.kstest(x.ravel(), "uniform").pvalue > 1e-3
    # A mean over a row has a standard deviation of 0.0128, over a column of 0.0204.
    assert np.abs(x.mean(axis=1) - 0.5).max() < 5 * 0.0128
    assert np.abs(x.mean(axis=0) - 0.5).max() < 5 * 0.0204


def test_neighbouring_places_and_seeds_are_unrelated():
    x = draws() - 0.5
    for one, other in ((x[:, 1:], x[:, :-1]), (x[1:], x[:-1]), (x[1:, 1:], x[:-1, :-1])):
        correlation = np.corrcoef(one.ravel(), other.ravel())[0, 1]
        assert abs(correlation) < 5 / np.sqrt(one.size)
