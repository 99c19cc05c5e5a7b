"""PPO's losses against numbers worked out by hand, a plain loop, and brax."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brax.training.agents.ppo.losses import compute_gae

from lamour_jax.agents.ppo import losses

GAMMA, LAMBDA = 0.9, 0.8
T, N = 12, 5


@pytest.fixture(scope="module")
def steps():
    """Random steps with episodes that end by the rules and by time, and broken robots."""
    rng = np.random.default_rng(0)
    terminated, truncated = rng.random((T, N)) < 0.15, rng.random((T, N)) < 0.15
    broken = rng.random((T, N)) < 0.1
    terminated, truncated = terminated | broken, truncated & ~terminated & ~broken
    assert terminated.any() and truncated.any() and broken[1:].any()
    value = rng.normal(size=(T, N))
    over = terminated | truncated
    next_value = rng.normal(size=(T, N))
    next_value[:-1] = np.where(over[:-1], next_value[:-1], value[1:])
    return {
        "reward": rng.normal(size=(T, N)),
        "discount": 1.0 - terminated,
        "value": value,
        "next_value": next_value,
        "over": over,
        "valid": ~broken,
    }


def estimate(steps, gamma=GAMMA):
    arguments = {name: jnp.asarray(x) for name, x in steps.items()}
    gammas = jnp.broadcast_to(gamma, (T, N))
    return np.asarray(losses.advantages(**arguments, gamma=gammas, gae_lambda=LAMBDA))


def test_advantages_are_those_of_a_plain_loop(steps):
    gamma = np.random.default_rng(1).uniform(0.5, 1.0, (T, N))
    expected = np.zeros((T, N))
    for n in range(N):
        for t in range(T):
            # The definition, forwards: the sum of decayed errors up to the end of the episode.
            weight = 1.0
            for k in range(t, T):
                at = k, n
                if not steps["valid"][at]:
                    break
                future = gamma[at] * steps["discount"][at] * steps["next_value"][at]
                expected[t, n] += weight * (steps["reward"][at] + future - steps["value"][at])
                if steps["over"][at]:
                    break
                weight *= gamma[at] * LAMBDA
    np.testing.assert_allclose(estimate(steps, gamma), expected, rtol=1e-4, atol=1e-5)


def test_advantages_are_braxs(steps):
    # brax drops a truncated step; the same numbers come from an end by the rules that pays V(s').
    sound = {**steps, "valid": np.ones((T, N), bool)}
    cut_by_time = steps["over"] & (steps["discount"] == 1.0)
    paid = steps["reward"] + GAMMA * np.where(cut_by_time, steps["next_value"], 0.0)
    targets, _ = compute_gae(
        truncation=jnp.zeros((T, N)),
        termination=jnp.asarray(steps["over"], jnp.float32),
        rewards=jnp.asarray(paid),
        values=jnp.asarray(steps["value"]),
        bootstrap_value=jnp.asarray(steps["next_value"][-1]),
        lambda_=LAMBDA,
        discount=GAMMA,
    )
    np.testing.assert_allclose(
        estimate(sound), np.asarray(targets) - steps["value"], rtol=1e-4, atol=1e-5
    )


def test_a_broken_step_changes_nothing_before_it(steps):
    spoilt = {name: x.copy() for name, x in steps.items()}
    for name in ("reward", "next_value", "value"):
        spoilt[name][~steps["valid"]] = 1e6
    np.testing.assert_array_equal(estimate(spoilt), estimate(steps))
    assert np.all(estimate(steps)[~steps["valid"]] == 0.0)


def test_normalise_looks_at_valid_entries_only():
    valid = jnp.array([True, True, False])
    got = losses.normalise(jnp.array([1.0, 3.0, 1e9]), valid)
    np.testing.assert_allclose(got, [-1.0, 1.0, 0.0], rtol=1e-5)
    nothing = losses.normalise(jnp.ones(3), jnp.zeros(3, bool))
    np.testing.assert_array_equal(nothing, [0, 0, 0])


def test_policy_loss_by_hand():
    ratio = jnp.array([1.5, 1.5, 0.5, 0.5, 1.1, 9.0])
    advantage = jnp.array([2.0, -2.0, 2.0, -2.0, 1.0, 7.0])
    weight = jnp.array([1.0, 1.0, 1.0, 1.0, 2.0, 0.0])
    # min(ratio A, clipped A): 2.4, -3, 1, -1.6, 1.1 (twice), and one that does not count.
    loss, slope = jax.value_and_grad(losses.policy_loss)(jnp.log(ratio), advantage, weight, 0.2)
    np.testing.assert_allclose(loss, -(2.4 - 3 + 1 - 1.6 + 2 * 1.1) / 6, rtol=1e-5)
    # Only where the ratio has not gone too far already: d/d log ratio = ratio A.
    np.testing.assert_allclose(slope, -np.array([0, -3, 1, 0, 2.2, 0]) / 6, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("log_ratio", [-1e4, 1e4])
@pytest.mark.parametrize("advantage", [-1.0, 1.0])
def test_far_off_ratios_keep_loss_and_gradient_finite(log_ratio, advantage):
    one = jnp.ones(1)
    loss, slope = jax.value_and_grad(losses.policy_loss)(log_ratio * one, advantage * one, one, 0.2)
    assert np.isfinite(loss) and np.isfinite(slope).all()


def test_value_loss_and_divergence_by_hand():
    value, target = jnp.array([1.0, 5.0]), jnp.array([3.0, 0.0])
    weight = jnp.array([2.0, 0.0])
    np.testing.assert_allclose(losses.value_loss(value, target, weight), 0.5 * 2 * 4 / 2)
    # Ratio 2 once, counting double: 2 - 1 - log 2.
    log_ratio = jnp.log(jnp.array([2.0, 3.0]))
    np.testing.assert_allclose(losses.divergence(log_ratio, weight), 1 - np.log(2), rtol=1e-6)
