"""One SAC update against gradients and numbers that are computed independently."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamour_jax.agents.sac.learner import Learner
from lamour_jax.config import SACConfig
from lamour_jax.types import Transition
from tests.agents.by_hand import forward

OBS, ACTIONS, BATCH = 3, 2, 32
CONFIG = SACConfig(
    aux_coef=0.5,
    consol_coef=2.0,
    hidden_sizes=(8, 8),
    dropout_rate=0.0,
    actor_learning_rate=1e-3,
    critic_learning_rate=1e-3,
)


def make(**changes) -> Learner:
    return Learner(dataclasses.replace(CONFIG, **changes), OBS, ACTIONS, total_updates=1000)


def make_batch(**changes) -> Transition:
    keys = iter(jax.random.split(jax.random.key(5), 8))
    batch = Transition(
        obs=jax.random.normal(next(keys), (BATCH, OBS)),
        action=jax.random.uniform(next(keys), (BATCH, ACTIONS), minval=-1.0),
        reward=jax.random.normal(next(keys), (BATCH,)),
        discount=jnp.ones(BATCH),
        next_obs=jax.random.normal(next(keys), (BATCH, OBS)),
        aux_reward=-jax.random.uniform(next(keys), (BATCH,)),
        recovered=jnp.zeros(BATCH),
    )
    return batch._replace(**changes)


def first_gradient(optimizer):
    """Adam's first step: its running mean is 0.1 times the gradient."""
    return jax.tree.map(lambda mean: np.asarray(mean) / 0.1, optimizer[0].mu)


def assert_close(got, want, **tolerance):
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(want), strict=True):
        np.testing.assert_allclose(a, b, **tolerance)


def zeros(params):
    return jax.tree.map(jnp.zeros_like, params)


@pytest.fixture(scope="module")
def update():
    return jax.jit(make().update)


@pytest.fixture(scope="module")
def state():
    return jax.jit(lambda key: make().init(key, None))(jax.random.key(0))


@pytest.fixture(scope="module")
def original(state):
    keys = jax.random.split(jax.random.key(1), len(jax.tree.leaves(state.actor)))
    keys = jax.tree.unflatten(jax.tree.structure(state.actor), list(keys))
    return jax.tree.map(lambda x, key: 0.3 * jax.random.normal(key, x.shape), state.actor, keys)


def test_where_nothing_is_recovered_the_update_is_plain_sacs(update, state, original):
    batch, key = make_batch(), jax.random.key(2)
    with_term, metrics = update(state, batch, original, key)
    assert float(metrics["recovery/consolidation_loss"]) == 0.0
    plain = jax.jit(make(consol_coef=0.0).update)
    without_term, plain_metrics = plain(state, batch, original, key)
    assert "recovery/consolidation_loss" not in plain_metrics
    without_original, _ = update(state, batch, None, key)
    for other in (without_term, without_original):
        assert_close(
            first_gradient(with_term.actor_optimizer),
            first_gradient(other.actor_optimizer),
            rtol=1e-4,
            atol=1e-7,
        )
        assert_close(with_term.critic, other.critic, rtol=1e-5, atol=1e-6)
    # And the term does count where states are recovered.
    held, _ = update(state, make_batch(recovered=jnp.ones(BATCH)), original, key)
    difference = jax.tree.map(
        lambda a, b: np.abs(a - b).max(),
        first_gradient(held.actor_optimizer),
        first_gradient(with_term.actor_optimizer),
    )
    assert max(jax.tree.leaves(difference)) > 0.1


def test_where_all_is_recovered_and_nothing_else_counts_it_is_behaviour_cloning(
    update, state, original
):
    # No Q, no entropy bonus, and a target of zero, so that the critics stay at zero.
    state = state.replace(
        critic=zeros(state.critic),
        target_critic=zeros(state.target_critic),
        log_alpha=jnp.asarray(-jnp.inf),
    )
    nothing = jnp.zeros(BATCH)
    batch = make_batch(
        reward=nothing, aux_reward=nothing, discount=nothing, recovered=jnp.ones(BATCH)
    )
    # An original without noise makes its action known: u0 is its mean.
    certain = jax.tree.map(jnp.copy, original)
    certain["params"]["log_std"]["kernel"] *= 0.0
    certain["params"]["log_std"]["bias"] -= 100.0
    u0 = forward(certain, batch.obs)[0]

    def cloning(params):
        mean, log_std = forward(params, batch.obs)
        gaussian = (
            -0.5 * ((u0 - mean) / jnp.exp(log_std)) ** 2 - log_std - 0.5 * jnp.log(2 * jnp.pi)
        )
        return -jnp.mean(jnp.sum(gaussian - jnp.log(1 - jnp.tanh(u0) ** 2), axis=1))

    loss, gradient = jax.value_and_grad(cloning)(state.actor)
    after, metrics = update(state, batch, certain, jax.random.key(3))
    assert float(metrics["recovery/consolidation_loss"]) == pytest.approx(float(loss), rel=1e-4)
    wanted = jax.tree.map(lambda g: CONFIG.consol_coef * g, gradient)
    assert_close(first_gradient(after.actor_optimizer), wanted, rtol=1e-3, atol=1e-5)
    assert_close(after.critic, zeros(after.critic), atol=1e-7)


def test_critics_learn_both_parts_of_the_reward(update, state):
    # Terminal transitions and critics of zero: the target is reward + 0.5 * aux_reward.
    blank = state.replace(critic=zeros(state.critic), target_critic=zeros(state.target_critic))
    batch = make_batch(discount=jnp.zeros(BATCH))
    _, metrics = update(blank, batch, None, jax.random.key(0))
    target = np.asarray(batch.reward) + 0.5 * np.asarray(batch.aux_reward)
    assert float(metrics["train/critic_loss"]) == pytest.approx(2 * np.mean(target**2), rel=1e-5)
    assert float(metrics["train/q"]) == 0.0


def test_target_critics_follow_slowly(update, state):
    after, _ = update(state, make_batch(), None, jax.random.key(0))
    expected = jax.tree.map(
        lambda new, old: CONFIG.tau * new + (1 - CONFIG.tau) * old,
        after.critic,
        state.target_critic,
    )
    assert_close(after.target_critic, expected, rtol=1e-5, atol=1e-7)
    moved = [
        np.abs(np.asarray(a) - np.asarray(b)).max()
        for a, b in zip(jax.tree.leaves(after.critic), jax.tree.leaves(state.critic), strict=True)
    ]
    assert max(moved) > 1e-4


@pytest.mark.parametrize(("per_action", "direction"), [(-50.0, -1), (50.0, 1)])
def test_temperature_moves_towards_the_target_entropy(state, per_action, direction):
    update = jax.jit(make(target_entropy_per_action=per_action).update)
    after, metrics = update(state, make_batch(), None, jax.random.key(0))
    # Adam's first step is the learning rate itself.
    step = float(after.log_alpha - state.log_alpha)
    assert step == pytest.approx(direction * CONFIG.temperature_learning_rate, rel=1e-2)
    assert float(metrics["train/alpha"]) == pytest.approx(float(np.exp(after.log_alpha)), rel=1e-5)


def test_it_starts_from_the_original_and_leaves_that_alone(original):
    kept = jax.tree.map(np.array, original)
    state = make().init(jax.random.key(7), original)
    assert_close(state.actor, original, rtol=0)
    # A training epoch donates its state: the original must not lie in the same memory.
    jax.jit(zeros, donate_argnums=0)(state)
    assert_close(original, kept, rtol=0)


def test_dropout_acts_while_sampling(original):
    dropping = make(dropout_rate=0.5)
    obs = jnp.ones((64, OBS))
    params = jax.tree.map(jnp.copy, original)
    params["params"]["log_std"]["kernel"] *= 0.0
    params["params"]["log_std"]["bias"] -= 100.0
    certain = make().act(params, obs, jax.random.key(0))
    # The same observation 64 times: one action without dropout, many with it.
    assert len(np.unique(np.asarray(certain), axis=0)) == 1
    dropped = dropping.act(params, obs, jax.random.key(0))
    assert len(np.unique(np.asarray(dropped), axis=0)) > 8


def test_learning_rates_fall_to_their_final_fraction(state):
    config = dataclasses.replace(CONFIG, final_learning_rate_fraction=0.1)
    update = jax.jit(Learner(config, OBS, ACTIONS, total_updates=4).update)
    batch = make_batch(discount=jnp.zeros(BATCH), reward=jnp.full(BATCH, 1e4))
    sizes = []
    for _ in range(6):
        before = state.critic["params"]["critic_0"]["q"]["bias"]
        state, _ = update(state, batch, None, jax.random.key(0))
        sizes.append(float(state.critic["params"]["critic_0"]["q"]["bias"][0] - before[0]))
    # A huge constant gradient makes Adam's steps the learning rate: 1e-3 falling by 2.25e-4 each.
    np.testing.assert_allclose(sizes, [1e-3, 7.75e-4, 5.5e-4, 3.25e-4, 1e-4, 1e-4], rtol=0.02)
