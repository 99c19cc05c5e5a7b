"""The uncertainty of a policy by Monte-Carlo dropout, against NumPy and numbers by hand."""

import jax
import jax.numpy as jnp
import numpy as np

from envs.wrappers import VectorEnv
from lamour_jax.networks import MLP, Actor
from lamour_jax.policy import Policy, policy_from_params
from lamour_jax.uncertainty import (
    DROPOUT_RATE,
    NUM_PASSES,
    feature_variances,
    largest_variances,
    make_uncertainty,
    uncertainty,
)
from tests.scripted import Scripted


def random_policy(hidden_sizes: tuple[int, ...]) -> Policy:
    """A policy of 3 observations and 2 actions, whose biases are not 0."""
    params = Actor(2, hidden_sizes).init(jax.random.key(0), jnp.zeros((1, 3)))
    leaves, tree = jax.tree.flatten(params)
    rng = np.random.default_rng(0)
    noisy = [leaf + 0.3 * rng.normal(size=leaf.shape).astype(np.float32) for leaf in leaves]
    return policy_from_params("beetle", jax.tree.unflatten(tree, noisy), {})


def masks_of(policy: Policy, key: jax.Array) -> list[list[np.ndarray]]:
    """Which units each pass keeps [pass][layer][units], read off the networks' own dropout."""
    hidden = MLP(policy.hidden_sizes, dropout_rate=DROPOUT_RATE)
    variables = {"params": policy.params["params"]["shared"]}

    def one_pass(key):
        _, seen = hidden.apply(
            variables, jnp.ones(3), False, rngs={"dropout": key}, capture_intermediates=True
        )
        layers = (seen["intermediates"][f"Dropout_{i}"] for i in range(len(policy.hidden_sizes)))
        return [np.asarray(layer["__call__"][0]) != 0.0 for layer in layers]

    return [one_pass(key) for key in jax.random.split(key, NUM_PASSES)]


def test_variances_are_numpys_over_thirty_passes_with_the_same_masks():
    policy, key = random_policy((24, 12, 16)), jax.random.key(4)
    obs = np.random.default_rng(1).normal(size=(2, 5, 3)).astype(np.float32)
    masks = masks_of(policy, key)
    dropped = 1.0 - np.mean(np.concatenate([np.concatenate(layers) for layers in masks]))
    assert len(masks) == 30 and 0.07 < dropped < 0.13
    features = []
    for layers in masks:
        x = obs.astype(float)
        for i, kept in enumerate(layers):
            dense = policy.params["params"]["shared"][f"Dense_{i}"]
            x = np.maximum((x @ dense["kernel"] + dense["bias"]) * kept / 0.9, 0.0)
        features.append(x)
    got = jax.jit(lambda obs, key: feature_variances(policy, obs, key))(obs, key)
    assert got.shape == (2, 5, 16)
    np.testing.assert_allclose(got, np.var(features, axis=0, ddof=1), rtol=1e-4, atol=1e-6)


def test_a_single_layers_variance_is_that_of_dropping_a_tenth():
    """relu(z) / 0.9 with probability 0.9, else 0: a variance of relu(z)^2 / 9."""
    policy, obs = random_policy((6,)), jnp.array([1.0, -0.5, 2.0])
    dense = policy.params["params"]["shared"]["Dense_0"]
    expected = np.square(np.maximum(np.asarray(obs) @ dense["kernel"] + dense["bias"], 0.0)) / 9.0
    assert np.sum(expected > 0.0) not in (0, 6)
    keys = jax.random.split(jax.random.key(0), 4000)
    variances = jax.jit(jax.vmap(lambda key: feature_variances(policy, obs, key)))(keys)
    errors = np.asarray(variances).std(axis=0) / np.sqrt(len(keys))
    assert np.all(np.abs(np.mean(variances, axis=0) - expected) <= 5 * errors)


def test_large_variances_count_most_and_features_that_never_varied_nothing():
    largest = jnp.array([2.0, 4.0, 0.0])
    variances = jnp.array([[1.0, 3.0, 9.0], [4.0, 4.0, 0.0], [0.0, 0.0, 9.0]])
    # Of their largest 1/2 and 3/4: (1/4 + 9/16) / (5/4). Then 2 and 1: 5/3, cut to 1.
    np.testing.assert_allclose(uncertainty(variances, largest), [0.65, 1.0, 0.0], rtol=1e-6)


def test_each_call_draws_fresh_masks_which_its_states_share():
    policy = random_policy((24, 16))
    measure = make_uncertainty(policy, np.full(16, 4.0, np.float32))
    obs, keys = jnp.ones((4, 3)), jax.random.split(jax.random.key(2))
    one, other = (np.asarray(measure(obs, key)) for key in keys)
    assert np.all((one > 0.0) & (one < 1.0))
    np.testing.assert_array_equal(one, one[0])
    assert one[0] != other[0]


def test_the_largest_variances_are_of_all_that_training_meets():
    """A policy that stays at positions near 1, with a feature that needs a negative one: only
    random actions lead there, and there the episode ends."""
    hidden = {"kernel": jnp.array([[1.0, -1.0, 0.0], [0.0, 0.0, 0.0]]), "bias": jnp.zeros(3)}
    head = {"kernel": jnp.zeros((3, 1)), "bias": jnp.full(1, 2.0)}
    spread = {**head, "bias": jnp.full(1, -3.0)}
    params = {"params": {"shared": {"Dense_0": hidden}, "mean": head, "log_std": spread}}
    policy = policy_from_params("scripted", params, {})
    env = VectorEnv(Scripted("normal", episode_length=6), 8, pool_size=8)
    largest = jax.jit(lambda key: largest_variances(policy, env, key, 40))(jax.random.key(0))
    # A position x is kept as x / 0.9; half of thirty passes without it vary most.
    most = 15 * 15 / (30 * 29) / 0.81
    assert np.all((np.asarray(largest[:2]) > 0.1 * most) & (np.asarray(largest[:2]) <= most + 1e-6))
    assert largest[2] == 0.0


def test_an_uncertainty_is_a_number_in_0_1_whatever_the_state():
    measure = jax.jit(make_uncertainty(random_policy((24, 16)), np.full(16, 1e-35, np.float32)))
    obs = 1e6 * jax.random.normal(jax.random.key(0), (64, 3))
    values = np.asarray(measure(obs, jax.random.key(1)))
    assert values.shape == (64,) and np.all((values >= 0.0) & (values <= 1.0))
