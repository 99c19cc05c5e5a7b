"""One PPO update against gradients and numbers that are computed independently."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamour_jax.agents.ppo.learner import Batch, Learner
from lamour_jax.config import PPOConfig
from lamour_jax.consolidation import Gaussian
from lamour_jax.rollout import Rollout
from lamour_jax.types import Transition
from tests.agents.by_hand import divergence, forward

OBS, ACTIONS, BATCH = 3, 2, 16
CONFIG = PPOConfig(
    aux_coef=0.5,
    consol_coef=2.0,
    entropy_coef=0.0,
    hidden_sizes=(8, 8),
    max_grad_norm=1e6,
    value_warmup=0,
    value_layer_norm=False,
)


def make(**changes) -> Learner:
    return Learner(dataclasses.replace(CONFIG, **changes), OBS, ACTIONS, total_updates=1000)


def update(learner, state, batch):
    return jax.jit(learner.update)(state, batch, jax.random.key(1))


def log_prob(params, obs, pre_tanh):
    mean, log_std = forward(params, obs)
    gaussian = -0.5 * ((pre_tanh - mean) / jnp.exp(log_std)) ** 2 - log_std
    tanh = jnp.log(1 - jnp.tanh(pre_tanh) ** 2)
    return jnp.sum(gaussian - 0.5 * jnp.log(2 * jnp.pi) - tanh, axis=-1)


@pytest.fixture(scope="module")
def state():
    made = jax.jit(lambda key: make().init(key, None))(jax.random.key(0))
    return made.replace(iterations=jnp.ones((), jnp.int32))


@pytest.fixture(scope="module")
def batch(state):
    keys = jax.random.split(jax.random.key(5), 5)
    obs = jax.random.normal(keys[0], (BATCH, OBS))
    pre_tanh = jax.random.normal(keys[1], (BATCH, ACTIONS))
    return Batch(
        obs=obs,
        pre_tanh=pre_tanh,
        log_prob=jax.jit(log_prob)(state.actor, obs, pre_tanh),
        advantage=jax.random.normal(keys[2], (BATCH,)),
        target=jax.random.normal(keys[3], (BATCH,)),
        recovered=jnp.ones(BATCH),
        original=Gaussian(
            jax.random.normal(keys[4], (BATCH, ACTIONS)), jnp.full((BATCH, ACTIONS), -0.5)
        ),
        weight=jnp.ones(BATCH),
    )


def first_gradient(optimizer):
    """Adam's first step: its running mean is 0.1 times the gradient."""
    return jax.tree.map(lambda mean: np.asarray(mean) / 0.1, optimizer[1][0].mu)


def assert_close(got, want, **tolerance):
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(want), strict=True):
        np.testing.assert_allclose(a, b, **tolerance)


def policy_gradient(state, batch):
    """The policy's that acted is the one trained: the surrogate's gradient is A grad log pi."""

    def surrogate(params):
        return -jnp.mean(batch.advantage * log_prob(params, batch.obs, batch.pre_tanh))

    return jax.jit(jax.grad(surrogate))(state.actor)


@pytest.mark.parametrize("consol_coef", [0.0, 2.0])
def test_gradient_is_the_policy_gradient_and_consolidation(state, batch, consol_coef):
    def cloning(params):
        return jnp.mean(divergence(batch.original, forward(params, batch.obs)))

    loss, gradient = jax.jit(jax.value_and_grad(cloning))(state.actor)
    wanted = jax.tree.map(lambda a, b: a + consol_coef * b, policy_gradient(state, batch), gradient)
    after, metrics = update(make(consol_coef=consol_coef), state, batch)
    assert_close(first_gradient(after.actor_optimizer), wanted, rtol=1e-3, atol=1e-5)
    if consol_coef:
        assert float(metrics["recovery/consolidation_loss"]) == pytest.approx(float(loss), rel=1e-4)
    assert float(metrics["train/kl"]) == pytest.approx(0.0, abs=1e-5)


def test_where_nothing_is_recovered_consolidation_changes_nothing(state, batch):
    lost = batch._replace(recovered=jnp.zeros(BATCH))
    after, _ = update(make(), state, lost)
    wanted = policy_gradient(state, batch)
    assert_close(first_gradient(after.actor_optimizer), wanted, rtol=1e-3, atol=1e-5)


def test_what_does_not_count_changes_nothing(state, batch):
    weight = jnp.ones(BATCH).at[3].set(0.0)
    spoilt = {
        name: jax.tree.map(lambda x: x.at[3].set(5.0), getattr(batch, name))
        for name in ("obs", "pre_tanh", "advantage", "target", "original")
    }
    one, _ = update(make(), state, batch._replace(weight=weight))
    other, _ = update(make(), state, batch._replace(weight=weight, **spoilt))
    assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_entropy_is_raised(state, batch):
    idle = batch._replace(advantage=jnp.zeros(BATCH), recovered=jnp.zeros(BATCH))
    certain = jax.tree.map(jnp.copy, state.actor)
    certain["params"]["log_std"]["bias"] -= 3.0
    step = jax.jit(make(entropy_coef=1.0, actor_learning_rate=1e-2).update)
    now, entropy = state.replace(actor=certain), []
    for key in jax.random.split(jax.random.key(1), 20):
        now, metrics = step(now, idle, key)
        entropy.append(float(metrics["train/entropy"]))
    assert entropy[-1] > entropy[0] + 0.1


def test_warm_up_teaches_the_value_alone(state, batch):
    learner = make(value_warmup=1)
    after, _ = update(learner, state, batch)
    assert_close(after.actor, state.actor, rtol=0)
    assert not np.array_equal(after.value["params"]["value"]["bias"], np.zeros(1))
    begun = state.replace(iterations=jnp.asarray(2, jnp.int32))
    later, _ = update(learner, begun, batch)
    assert not np.array_equal(later.actor["params"]["mean"]["bias"],
                              state.actor["params"]["mean"]["bias"])  # fmt: skip


def make_rollout(reward):
    steps = Transition(
        obs=jnp.ones((2, 3, OBS)),
        action=jnp.zeros((2, 3, ACTIONS)),
        reward=jnp.full((2, 3), reward),
        discount=jnp.zeros((2, 3)),
        next_obs=jnp.ones((2, 3, OBS)),
        aux_reward=jnp.full((2, 3), -2.0),
        recovered=jnp.zeros((2, 3)),
        healthy=jnp.zeros((2, 3)),
    )
    extras = (jnp.zeros((2, 3, ACTIONS)), jnp.zeros((2, 3)))
    valid = jnp.ones((2, 3), bool).at[1, 2].set(False)
    return Rollout(steps, valid, jnp.ones((2, 3), bool), extras, {})


def test_targets_are_returns_in_units_of_their_scale(state):
    state = state.replace(iterations=jnp.zeros((), jnp.int32))
    # Each step ends its episode: the return is 5 + 0.5 * -2 = 4.
    digest = jax.jit(make().digest)
    digested, data = digest(state, make_rollout(5.0), None)
    assert float(digested.return_scale) == pytest.approx(4.0)
    np.testing.assert_allclose(data.target.ravel()[:5], np.ones(5), rtol=1e-5)
    np.testing.assert_allclose(data.weight.ravel(), [1.2] * 5 + [0.0], rtol=1e-5)
    assert data.original is None and data.obs.shape == (2, 3, OBS)


def test_unhealthy_next_states_have_a_discount_of_their_own(state, batch):
    learner = make(gamma=0.5, recovery_gamma=0.9, aux_coef=0.0, gae_lambda=0.0)
    state, _ = update(make(value_learning_rate=0.1), state, batch)
    rollout = random_rollout(1, 3)
    steps = rollout.transitions._replace(healthy=jnp.array([[1.0, 0.0, 1.0]]))
    after, data = jax.jit(learner.digest)(state, rollout._replace(transitions=steps), None)
    value = np.asarray(learner.value(state, steps.next_obs))
    wanted = np.asarray(steps.reward) + np.array([0.5, 0.9, 0.5]) * value
    np.testing.assert_allclose(data.target * after.return_scale, wanted, rtol=1e-4)
    assert np.ptp(value) > 0.1


def test_the_scale_moves_and_the_values_do_not(state, batch):
    learner = make()
    state, _ = update(learner, state, batch)
    before = learner.value(state, batch.obs)
    after, _ = jax.jit(learner.digest)(state, make_rollout(1e3), None)
    assert float(after.return_scale) > 100 * float(state.return_scale)
    assert np.abs(before).max() > 1e-4
    np.testing.assert_allclose(learner.value(after, batch.obs), before, rtol=1e-4)


def random_rollout(steps, robots):
    def normal(key, *shape):
        return jax.random.normal(jax.random.key(key), (steps, robots, *shape))

    ones = jnp.ones((steps, robots))
    return Rollout(
        Transition(
            normal(0, OBS), normal(1, ACTIONS), normal(2), ones, normal(3, OBS), ones, ones, ones
        ),
        valid=ones.astype(bool),
        over=jnp.zeros((steps, robots), bool),
        extras=(normal(4, ACTIONS), normal(5)),
        metrics={},
    )


def test_a_rollout_in_parts_is_the_rollout_at_once(state, batch):
    """Seven steps, two at a time and the last one alone."""
    state, _ = update(make(value_learning_rate=0.1), state, batch)
    rollout = random_rollout(7, 3)
    whole, parts = (
        jax.jit(make(num_envs=3, unroll_length=7, num_minibatches=count).digest)(
            state, rollout, state.actor
        )
        for count in (1, 3)
    )
    assert np.ptp(whole[1].target - whole[1].advantage) > 0.1  # the values differ by state
    assert_close(parts, whole, rtol=1e-5, atol=1e-6)


def test_a_rollouts_hidden_layers_are_never_held_at_once(state):
    steps, robots, width = 64, 256, 128
    learner = make(
        num_envs=robots, unroll_length=steps, num_minibatches=32, hidden_sizes=(width, width)
    )
    rollout = jax.eval_shape(lambda: random_rollout(steps, robots))
    state = jax.eval_shape(lambda: learner.init(jax.random.key(0), None))
    compiled = jax.jit(learner.digest).lower(state, rollout, state.actor).compile()
    held = compiled.memory_analysis().temp_size_in_bytes
    assert held < steps * robots * width * 4 / 2


def test_it_starts_from_the_original_and_leaves_that_alone(state):
    original = state.actor
    started = make().init(jax.random.key(7), original)
    assert_close(started.actor, original, rtol=0)
    kept = jax.tree.map(np.array, original)
    # A training epoch donates its state: the original must not lie in the same memory.
    jax.jit(lambda s: jax.tree.map(jnp.zeros_like, s), donate_argnums=0)(started)
    assert_close(original, kept, rtol=0)
