"""The tanh-Gaussian against SciPy, and the networks' shapes and switches."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from lamour_jax.networks import (
    LOG_STD_RANGE,
    NORMALIZER,
    Actor,
    Dropout,
    TwinCritic,
    log_prob_pre_tanh,
    sample_pre_tanh,
    with_bounds,
)


def test_log_prob_is_scipys_with_the_tanh_changed_for():
    rng = np.random.default_rng(0)
    mean, log_std = rng.normal(size=(64, 3)), rng.uniform(-2, 1, size=(64, 3))
    u = mean + np.exp(log_std) * rng.normal(size=(64, 3))
    # log pi(tanh u) = sum_i log N(u_i) - log(1 - tanh(u_i)^2)
    expected = stats.norm.logpdf(u, mean, np.exp(log_std)).sum(1)
    expected -= np.log1p(-(np.tanh(u) ** 2)).sum(1)
    got = log_prob_pre_tanh(*map(jnp.asarray, (mean, log_std, u)))
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


def test_log_prob_is_a_density_of_actions():
    # One action: the density over (-1, 1) must add up to 1.
    action = np.linspace(-1, 1, 200_003)[1:-1]
    log_prob = log_prob_pre_tanh(
        jnp.full((1,), 0.3), jnp.full((1,), -0.5), jnp.asarray(np.arctanh(action))[:, None]
    )
    np.testing.assert_allclose(np.trapezoid(np.exp(log_prob), action), 1.0, atol=1e-3)


def test_log_prob_of_a_saturated_action_is_finite_with_finite_slope():
    mean, log_std, u = jnp.full((2,), 30.0), jnp.zeros(2), jnp.array([40.0, -40.0])
    assert np.all(np.abs(np.tanh(np.float32(u))) == 1.0)
    value, slope = jax.value_and_grad(log_prob_pre_tanh)(mean, log_std, u)
    # Per entry: -z^2 / 2 - log(2 pi) / 2 - log(1 - tanh^2), the last being 2 (log 2 - |u|) here.
    by_hand = [-(z**2) / 2 - np.log(2 * np.pi) / 2 - 2 * (np.log(2) - 40) for z in (10, -70)]
    np.testing.assert_allclose(value, sum(by_hand), rtol=1e-5)
    np.testing.assert_allclose(slope, [10.0, -70.0], rtol=1e-5)


def test_samples_have_the_mean_and_spread_asked_for():
    mean, log_std = jnp.array([1.0, -2.0]), jnp.log(jnp.array([0.5, 2.0]))
    many = (20_000, 2)
    u = sample_pre_tanh(
        jnp.broadcast_to(mean, many), jnp.broadcast_to(log_std, many), jax.random.key(0)
    )
    np.testing.assert_allclose(u.mean(0), mean, atol=0.06)
    np.testing.assert_allclose(u.std(0), [0.5, 2.0], rtol=0.03)


def test_actor_clips_its_spread():
    actor = Actor(2, (8,))
    params = actor.init(jax.random.key(0), jnp.zeros(3))
    for bias, bound in ((-50.0, LOG_STD_RANGE[0]), (50.0, LOG_STD_RANGE[1])):
        params["params"]["log_std"]["bias"] = jnp.full(2, bias)
        mean, log_std = actor.apply(params, jnp.ones((5, 3)))
        assert mean.shape == log_std.shape == (5, 2)
        np.testing.assert_array_equal(log_std, bound)


def test_bounds_among_its_parameters_hold_an_actor_and_lead_it_back():
    actor = Actor(2, (8,))
    plain = actor.init(jax.random.key(0), jnp.zeros(3))
    obs = jax.random.normal(jax.random.key(1), (5, 3))
    bounded = with_bounds(plain, 2.5, (-3.0, 0.5))
    mean, log_std = actor.apply(plain, obs)
    held_mean, held_log_std = actor.apply(bounded, obs)
    np.testing.assert_allclose(held_mean, 2.5 * np.tanh(mean / 2.5), rtol=1e-5)
    np.testing.assert_allclose(held_log_std, 3.5 / (1 + np.exp(-log_std)) - 3.0, rtol=1e-5)

    def far_out(params):  # far beyond the range of an actor without bounds
        params["params"]["log_std"]["bias"] += 9.0
        return jnp.sum(actor.apply(params, obs)[1])

    for params, leads_back in ((plain, False), (bounded, True)):
        slope = jax.grad(far_out)(params)["params"]
        assert (np.abs(slope["log_std"]["bias"]) > 0).all() == leads_back
    assert all(not np.any(leaf) for leaf in jax.tree.leaves(slope["bounds"]))


def test_dropout_acts_only_where_it_is_asked_for():
    plain, dropping = Actor(2, (64,)), Actor(2, (64,), dropout_rate=0.5)
    obs = jnp.ones((4, 3))
    params = plain.init(jax.random.key(0), obs)
    rngs = {"dropout": jax.random.key(1)}
    np.testing.assert_array_equal(dropping.apply(params, obs)[0], plain.apply(params, obs)[0])
    dropped = dropping.apply(params, obs, False, rngs=rngs)[0]
    assert np.all(np.any(np.asarray(dropped) != np.asarray(plain.apply(params, obs)[0]), axis=1))


def masks(rate, shape, count=1):
    """Which of `shape` ones a dropout kept with each of `count` keys [count, *shape]."""
    apply = jax.jit(
        lambda key: Dropout(rate).apply({}, jnp.ones(shape), False, rngs={"dropout": key})
    )
    values = np.stack([apply(key) for key in jax.random.split(jax.random.key(0), count)])
    np.testing.assert_allclose(values[values > 0], 1.0 / (1.0 - rate), rtol=1e-6)
    return values > 0


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_dropout_drops_the_share_asked_for(rate):
    kept = masks(rate, (512, 256))[0]
    spread = np.sqrt(rate * (1 - rate))  # of one unit; five standard errors are allowed
    assert abs(kept.mean() - (1 - rate)) < 5 * spread / np.sqrt(kept.size)
    assert np.all(np.abs(kept.mean(0) - (1 - rate)) < 5 * spread / np.sqrt(512))
    assert np.all(np.abs(kept.mean(1) - (1 - rate)) < 5 * spread / np.sqrt(256))


def test_dropped_units_know_nothing_of_their_neighbours_nor_of_the_next_mask():
    kept = masks(0.5, (64, 256), count=64).astype(float) - 0.5
    bound = 5 * 0.25 / np.sqrt(kept.size)  # five standard errors of a product of two coins
    for shift in (1, 2, 4, 128, 255):
        assert abs(np.mean(kept * np.roll(kept, shift, axis=2))) < bound
    for shift in (1, 2, 32):
        assert abs(np.mean(kept * np.roll(kept, shift, axis=1))) < bound
        assert abs(np.mean(kept * np.roll(kept, shift, axis=0))) < bound


def test_critics_that_normalise_see_standard_deviations_up_to_the_farthest():
    critic, plain = TwinCritic((16,), normalizes=True), TwinCritic((16,))
    mean, std = jnp.array([1.0, -2.0]), jnp.array([0.5, 10.0])
    action = jnp.zeros((3, 1))
    obs = jnp.array([[1.5, -2.0], [1.0, 8.0], [1.0 + 0.5 * 1e6, -2.0]])
    params = critic.init(jax.random.key(0), obs, action)["params"]
    constants = {NORMALIZER: {"mean": mean, "std": std}}
    found = critic.apply({"params": {**params, **constants}}, obs, action)
    rest = {name: value for name, value in params.items() if name != NORMALIZER}
    scaled = jnp.array([[1.0, 0.0], [0.0, 1.0], [8.0, 0.0]])
    np.testing.assert_allclose(found, plain.apply({"params": rest}, scaled, action), rtol=1e-6)


def test_the_two_critics_are_independent_and_see_the_action():
    critic = TwinCritic((16,))
    obs, action = jnp.ones((6, 3)), jnp.zeros((6, 2))
    params = critic.init(jax.random.key(0), obs, action)
    q = np.asarray(critic.apply(params, obs, action))
    assert q.shape == (2, 6)
    assert not np.allclose(q[0], q[1])
    other = np.asarray(critic.apply(params, obs, action + 1.0))
    assert np.all(np.abs(other - q) > 1e-6)
    # A critic's value changes with its own parameters alone.
    zeroed = {
        **params["params"],
        "critic_1": jax.tree.map(jnp.zeros_like, params["params"]["critic_1"]),
    }
    changed = np.asarray(critic.apply({"params": zeroed}, obs, action))
    np.testing.assert_array_equal(changed[0], q[0])
    np.testing.assert_array_equal(changed[1], 0.0)
