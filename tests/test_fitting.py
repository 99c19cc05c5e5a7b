"""A fresh actor that is fitted to a saturated original policy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamour_jax import fitting as module
from lamour_jax.anchors import Anchors
from lamour_jax.consolidation import BOLDEST, Gaussian, unsaturated
from lamour_jax.fitting import fit_actor
from lamour_jax.networks import NORMALIZER, Actor

ACTOR = Actor(2, (64, 64), normalizes=True)


def test_what_is_cloned_of_a_saturated_policy_by_hand():
    saturated = Gaussian(jnp.array([120.0, -3.0, 0.5]), jnp.log(jnp.array([0.5, 1e-4, 7.0])))
    mean, log_std = unsaturated(saturated)
    np.testing.assert_allclose(jnp.tanh(mean), [0.95, -0.95, np.tanh(0.5)], rtol=1e-5)
    np.testing.assert_allclose(jnp.exp(log_std), [0.5, 0.1, 1.0], rtol=1e-5)


@pytest.fixture(scope="module")
def fitted():
    """(own states' Gaussian, other states' Gaussian, the original's, its parameters, the actor's)
    of an original whose own states are those of |obs| < 1; the others lie about 4."""
    pairs = jax.random.uniform(jax.random.key(0), (2, 4000, 2), minval=-1.0)
    own, seen = pairs[0], 4.0 + pairs[1]
    original = ACTOR.init(jax.random.key(1), own)
    original["params"][NORMALIZER] = {"mean": jnp.array([0.5, 0.0]), "std": jnp.array([2.0, 1.0])}
    acts = unsaturated(Gaussian(3.0 * own[:, ::-1], jnp.full_like(own, -1.0)))
    anchors = Anchors(own, jnp.ones(len(own)), acts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "UPDATES", 3000)
        params = jax.jit(lambda key: fit_actor(ACTOR, original, anchors, seen, key))(
            jax.random.key(2)
        )
    at = [Gaussian(*ACTOR.apply(params, obs)) for obs in (own, seen)]
    return *at, acts, original, params


def test_it_acts_as_the_original_does_where_that_works(fitted):
    own, _, acts, *_ = fitted
    error = np.abs(np.tanh(own.mean) - np.tanh(acts.mean))
    assert error.mean() < 0.03
    assert np.abs(np.tanh(own.mean)).max() < BOLDEST + 0.05
    np.testing.assert_allclose(np.mean(own.log_std), -1.0, atol=0.1)


def test_elsewhere_it_is_broad_noise(fitted):
    _, seen, *_ = fitted
    assert np.abs(seen.mean).mean() < 0.15
    np.testing.assert_allclose(np.mean(seen.log_std), module.NOISE_LOG_STD, atol=0.1)


def test_observations_are_normalised_as_before(fitted):
    *_, original, params = fitted
    before, after = (each["params"][NORMALIZER] for each in (original, params))
    assert set(after) == {"mean", "std"}
    for name in after:
        np.testing.assert_array_equal(after[name], before[name])
