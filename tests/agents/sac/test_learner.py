"""One SAC update against gradients and numbers that are computed independently."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lamour_jax.agents.sac.learner import _PLANNED_SPREAD, Learner
from lamour_jax.anchors import Anchors
from lamour_jax.config import SACConfig
from lamour_jax.consolidation import BOLDEST, Gaussian
from lamour_jax.types import Transition
from tests.agents.by_hand import divergence, forward

OBS, ACTIONS, BATCH = 3, 2, 32
CONFIG = SACConfig(
    aux_coef=0.5,
    consol_coef=2.0,
    hidden_sizes=(8, 8),
    dropout_rate=0.0,
    actor_learning_rate=1e-3,
    critic_learning_rate=1e-3,
)
NO_ENTROPY = jnp.asarray(-jnp.inf, jnp.float32)  # log alpha


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
        healthy=jnp.zeros(BATCH),
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
        log_alpha=NO_ENTROPY,
    )
    nothing = jnp.zeros(BATCH)
    batch = make_batch(
        reward=nothing, aux_reward=nothing, discount=nothing, recovered=jnp.ones(BATCH)
    )

    def cloning(params):
        return jnp.mean(divergence(forward(original, batch.obs), forward(params, batch.obs)))

    loss, gradient = jax.value_and_grad(cloning)(state.actor)
    after, metrics = update(state, batch, original, jax.random.key(3))
    assert float(metrics["recovery/consolidation_loss"]) == pytest.approx(float(loss), rel=1e-4)
    wanted = jax.tree.map(lambda g: CONFIG.consol_coef * g, gradient)
    assert_close(first_gradient(after.actor_optimizer), wanted, rtol=1e-3, atol=1e-5)
    assert_close(after.critic, zeros(after.critic), atol=1e-7)


def test_anchors_count_as_further_recovered_states(state, original):
    """Half as many anchors as states, of which half are recovered: as one batch of both."""
    state = state.replace(critic=zeros(state.critic), log_alpha=NO_ENTROPY)
    batch = make_batch(recovered=(jnp.arange(BATCH) % 2).astype(jnp.float32))
    obs = 2.0 * jax.random.normal(jax.random.key(8), (BATCH // 2, OBS))
    weight = jnp.linspace(0.0, 1.0, BATCH // 2)
    anchors = Anchors(obs, weight, Gaussian(*forward(original, obs)))

    def cloning(params):
        own = jnp.sum(
            batch.recovered * divergence(forward(original, batch.obs), forward(params, batch.obs))
        )
        return (
            own + jnp.sum(weight * divergence(forward(original, obs), forward(params, obs)))
        ) / BATCH

    wanted = jax.tree.map(lambda g: CONFIG.consol_coef * g, jax.grad(cloning)(state.actor))
    update = jax.jit(make().update_actor)
    after, _, metrics = update(state, batch, original, jax.random.key(3), anchors)
    assert_close(first_gradient(after.actor_optimizer), wanted, rtol=1e-3, atol=1e-5)
    drift = float(jnp.mean(weight * divergence(forward(original, obs), forward(state.actor, obs))))
    assert float(metrics["recovery/anchor_loss"]) == pytest.approx(drift, rel=1e-4)


def test_the_policy_imitates_what_critics_say_is_better(state):
    """Critics that value an action by its first component, a quarter of the batch planned: half of
    that with the best first component, half with the worst."""
    count = BATCH // 4
    best = jnp.arange(count) % 2 == 0
    sign = jnp.where(best, 1.0, -1.0)
    planned = jnp.stack([sign, 0.5 * sign], axis=1)  # 1 is meant as BOLDEST
    batch = make_batch()
    batch = batch._replace(action=batch.action.at[-count:].set(planned))
    said = state.replace(critic=_by_first_component(state.critic), log_alpha=NO_ENTROPY)
    obs = batch.obs[-count:]
    means = jnp.arctanh(jnp.clip(planned, -BOLDEST, BOLDEST))
    planner = (means, jnp.full_like(means, jnp.log(_PLANNED_SPREAD)))

    def imitation(params):
        return jnp.sum(best * divergence(planner, forward(params, obs))) / BATCH

    loss, gradient = jax.value_and_grad(imitation)(state.actor)
    share = 1e6  # against which the critics' own gradient is nothing
    config = dataclasses.replace(CONFIG, planned_value_share=share)
    learner = Learner(config, OBS, ACTIONS, 1000, num_planned=count)
    after, _, metrics = jax.jit(learner.update_actor)(said, batch, None, jax.random.key(3))
    assert float(metrics["recovery/imitation_loss"]) == pytest.approx(float(loss), rel=1e-4)
    size = -float(metrics["train/actor_loss"])  # mean Q; of either sign, unlike mean |Q|
    got = first_gradient(after.actor_optimizer)
    scale = optax.tree.norm(got) / optax.tree.norm(gradient)
    assert share * abs(size) <= scale < share
    assert_close(got, jax.tree.map(lambda g: scale * g, gradient), rtol=1e-3, atol=1e-4 * scale)


def _by_first_component(critic):
    """Two critics of two ReLU layers with Q(s, a) = a[0]."""
    critic = zeros(critic)
    for one in critic["params"].values():
        first, second = (one["shared"][name] for name in ("Dense_0", "Dense_1"))
        first["kernel"] = first["kernel"].at[OBS, :2].set([1.0, -1.0])
        second["kernel"] = second["kernel"].at[[0, 1], [0, 1]].set(1.0)
        one["q"]["kernel"] = one["q"]["kernel"].at[:2, 0].set([1.0, -1.0])
    return critic


def test_anchors_hold_harder_as_values_grow(state, original):
    """Critics that say 40 everywhere, a share of 0.1: anchors count fourfold; where they say 5,
    they count as before; a share that fades counts less and less, and nothing once they are let
    go."""
    batch = make_batch()
    obs = jax.random.normal(jax.random.key(8), (BATCH, OBS))
    anchors = Anchors(obs, jnp.ones(BATCH), Gaussian(*forward(original, obs)))

    def gradient(value, share, fade=0.0, updates=0, **settings):
        critic = zeros(state.critic)
        for name in ("critic_0", "critic_1"):
            critic["params"][name]["q"]["bias"] += value
        said = state.replace(critic=critic, target_critic=critic, log_alpha=NO_ENTROPY)
        adam, *others = said.actor_optimizer
        adam = adam._replace(count=jnp.asarray(updates, jnp.int32))
        said = said.replace(actor_optimizer=(adam, *others))
        settings |= {"anchor_value_share": share, "anchor_value_fade": fade}
        update = jax.jit(make(**settings).update_actor)
        after, *_ = update(said, batch, original, jax.random.key(3), anchors)
        return first_gradient(after.actor_optimizer)

    plain = gradient(40.0, 0.0)
    fourfold = jax.tree.map(lambda g: 4.0 * g, plain)
    assert_close(gradient(-40.0, 0.1), fourfold, rtol=1e-4, atol=1e-6)
    assert_close(gradient(5.0, 0.1), plain, rtol=1e-5, atol=1e-6)
    # Halfway to the fade's end at a quarter of the run they count twofold, and after it as before.
    twofold = jax.tree.map(lambda g: 2.0 * g, plain)
    quarter, half = 250, 500  # of 1000 updates
    assert_close(gradient(40.0, 0.1, 0.5, 0), fourfold, rtol=1e-4, atol=1e-6)
    assert_close(gradient(40.0, 0.1, 0.5, quarter), twofold, rtol=1e-4, atol=1e-6)
    assert_close(gradient(40.0, 0.1, 0.5, half + 1), plain, rtol=1e-5, atol=1e-6)
    late = {"whole_episodes_after": 0.5}
    assert_close(gradient(40.0, 0.1, 0.0, half - 1, **late), fourfold, rtol=1e-4, atol=1e-6)
    nothing = jax.tree.map(jnp.zeros_like, plain)
    assert_close(gradient(40.0, 0.1, 0.0, half, **late), nothing, rtol=0, atol=1e-7)


def test_the_evaluated_actor_is_a_running_mean(update, state, original):
    averaging = jax.jit(make(actor_averaging=0.9).update)
    batch, key = make_batch(), jax.random.key(0)
    plain, _ = update(state, batch, original, key)
    assert_close(plain.averaged_actor, plain.actor, rtol=0)
    after, _ = averaging(state, batch, original, key)
    assert_close(after.actor, plain.actor, rtol=1e-6, atol=1e-7)
    wanted = jax.tree.map(lambda old, new: 0.9 * old + 0.1 * new, state.actor, after.actor)
    assert_close(after.averaged_actor, wanted, rtol=1e-5, atol=1e-7)


def test_critics_learn_both_parts_of_the_reward(update, state):
    # Terminal transitions and critics of zero: the target is reward + 0.5 * aux_reward.
    blank = state.replace(critic=zeros(state.critic), target_critic=zeros(state.target_critic))
    batch = make_batch(discount=jnp.zeros(BATCH))
    _, metrics = update(blank, batch, None, jax.random.key(0))
    target = np.asarray(batch.reward) + 0.5 * np.asarray(batch.aux_reward)
    assert float(metrics["train/critic_loss"]) == pytest.approx(2 * np.mean(target**2), rel=1e-5)
    assert float(metrics["train/q"]) == 0.0


@pytest.mark.parametrize(("healthy", "plain"), [(1.0, 0.3), (0.0, 0.9)])
def test_unhealthy_next_states_have_a_discount_of_their_own(state, healthy, plain):
    batch, key = make_batch(healthy=jnp.full(BATCH, healthy)), jax.random.key(3)

    def critic_gradient(**discounts):
        learned, _ = jax.jit(make(**discounts).update_critic)(state, batch, key)
        return first_gradient(learned.critic_optimizer)

    got = critic_gradient(gamma=0.3, recovery_gamma=0.9)
    assert_close(got, critic_gradient(gamma=plain), rtol=1e-5, atol=1e-7)
    other = critic_gradient(gamma=1.2 - plain)
    bias, other_bias = (gradient["params"]["critic_0"]["q"]["bias"] for gradient in (got, other))
    assert np.abs(bias - other_bias) > 1e-3


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


def test_the_temperature_may_leave_recovered_states_to_consolidation(state):
    batch = make_batch(recovered=jnp.ones(BATCH))
    update = jax.jit(make(entropy_where_not_recovered=True).update)
    after, _ = update(state, batch, None, jax.random.key(0))
    assert float(after.log_alpha) == float(state.log_alpha)
    half = batch._replace(recovered=batch.recovered.at[: BATCH // 2].set(0.0))
    after, _ = update(state, half, None, jax.random.key(0))
    assert float(after.log_alpha) != float(state.log_alpha)


@pytest.mark.parametrize(("per_action", "direction"), [(-50.0, -1), (50.0, 1)])
def test_temperature_moves_towards_the_target_entropy(state, per_action, direction):
    update = jax.jit(make(target_entropy_per_action=per_action).update_temperature)
    after, metrics = update(state, jnp.linspace(-3.0, 3.0, BATCH), jnp.zeros(BATCH))
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
    certain = make().act(params, obs, jnp.zeros((64, ACTIONS)), jax.random.key(0))
    # The same observation 64 times: one action without dropout, many with it.
    assert len(np.unique(np.asarray(certain), axis=0)) == 1
    dropped = dropping.act(params, obs, jnp.zeros((64, ACTIONS)), jax.random.key(0))
    assert len(np.unique(np.asarray(dropped), axis=0)) > 8


@pytest.mark.parametrize(
    ("whole_after", "falling"),
    [
        (1.0, [1e-3, 7.75e-4, 5.5e-4, 3.25e-4, 1e-4, 1e-4]),  # by 2.25e-4 each
        (0.5, [1e-3, 5.5e-4, 1e-4, 1e-4, 1e-4, 1e-4]),
    ],
)
def test_learning_rates_fall_to_their_final_fraction(state, whole_after, falling):
    config = dataclasses.replace(
        CONFIG, final_learning_rate_fraction=0.1, whole_episodes_after=whole_after
    )
    update = jax.jit(Learner(config, OBS, ACTIONS, total_updates=4).update_critic)
    batch = make_batch(discount=jnp.zeros(BATCH), reward=jnp.full(BATCH, 1e4))
    sizes = []
    for _ in range(6):
        before = state.critic["params"]["critic_0"]["q"]["bias"]
        state, _ = update(state, batch, jax.random.key(0))
        sizes.append(float(state.critic["params"]["critic_0"]["q"]["bias"][0] - before[0]))
    # A huge constant gradient makes Adam's steps the learning rate.
    np.testing.assert_allclose(sizes, falling, rtol=0.02)
