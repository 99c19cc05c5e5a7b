"""Policies that brax trained: what they do as ours is what they did as brax's."""

import json
import os
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brax.io import model
from brax.training.acme import running_statistics, specs
from brax.training.agents.ppo import checkpoint as ppo_checkpoint
from brax.training.agents.ppo import networks as ppo_networks
from brax.training.agents.sac import networks as sac_networks
from flax import linen
from flax.core import freeze

from lamour_jax.brax_policies import is_brax_file, policy_from_brax, read_brax
from lamour_jax.errors import UserError
from lamour_jax.networks import NORMALIZER
from lamour_jax.policy import DESIGNED_FORMAT, load_policy, save_policy

OBS, ACTIONS = 5, 2
rng = np.random.default_rng(3)
SEEN = jnp.asarray(rng.normal([3, -2, 0, 100, 0.1], [1, 5, 0.1, 20, 2], (64, OBS)), jnp.float32)


def statistics(obs):
    """As training would have gathered them."""
    start = jax.tree.map(lambda x: specs.Array(x.shape[1:], jnp.float32), obs)
    return running_statistics.update(running_statistics.init_state(start), obs)


def ppo(obs=SEEN, **settings):
    """(brax's networks, its parameters) of a PPO policy with three hidden layers."""
    size = {k: v.shape[1:] for k, v in obs.items()} if isinstance(obs, dict) else OBS
    networks = ppo_networks.make_ppo_networks(
        size,
        ACTIONS,
        preprocess_observations_fn=running_statistics.normalize,
        policy_hidden_layer_sizes=(16, 8, 12),
        **settings,
    )
    keys = jax.random.split(jax.random.key(5))
    params = networks.policy_network.init(keys[0]), networks.value_network.init(keys[1])
    return networks, (statistics(obs), *params)


def gaussian_of_brax(networks, params, obs):
    """(mean, std) before the tanh, by brax's own code."""
    logits = networks.policy_network.apply(*params[:2], obs)
    distribution = networks.parametric_action_distribution.create_dist(logits)
    return distribution.loc, distribution.scale


def imported(path, **options):
    return policy_from_brax(read_brax(path, **options), "crab", OBS, ACTIONS, {})


def assert_alike(policy, networks, params, obs=SEEN):
    mean, log_std = policy.network.apply(policy.params, SEEN)
    expected_mean, expected_std = gaussian_of_brax(networks, params, obs)
    np.testing.assert_allclose(mean, expected_mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(np.exp(log_std), expected_std, rtol=1e-4)
    assert np.std(expected_mean) > 0.01


def test_a_ppo_policy_of_save_params(tmp_path):
    networks, params = ppo()
    model.save_params(str(tmp_path / "params"), params)
    assert is_brax_file(tmp_path / "params")
    policy = imported(tmp_path / "params")
    assert (policy.hidden_sizes, policy.activation, policy.std) == (
        (16, 8, 12),
        "swish",
        "softplus",
    )
    assert_alike(policy, networks, params)


def test_arrays_of_numpy_and_frozen_dictionaries_are_read_too(tmp_path):
    networks, params = ppo()
    as_numpy = jax.tree.map(np.asarray, (params[0], freeze(params[1]), params[2]))
    model.save_params(str(tmp_path / "params"), as_numpy)
    assert_alike(imported(tmp_path / "params"), networks, params)


def test_of_several_observations_the_policys_statistics_are_taken(tmp_path):
    obs = {"state": SEEN, "privileged_state": jnp.ones((64, 9))}
    networks, params = ppo(obs)
    model.save_params(str(tmp_path / "params"), params)
    assert_alike(imported(tmp_path / "params"), networks, params, obs)


def test_a_sac_policy_has_relu_units(tmp_path):
    networks = sac_networks.make_sac_networks(
        OBS,
        ACTIONS,
        preprocess_observations_fn=running_statistics.normalize,
        hidden_layer_sizes=(16, 16),
    )
    params = (statistics(SEEN), networks.policy_network.init(jax.random.key(1)))
    model.save_params(str(tmp_path / "params"), params)
    policy = imported(tmp_path / "params")
    assert policy.activation == "relu"
    assert_alike(policy, networks, params)


def test_options_say_what_a_file_does_not(tmp_path):
    networks, params = ppo(activation=linen.tanh)
    neutral = (running_statistics.init_state(specs.Array((OBS,), jnp.float32)), *params[1:])
    model.save_params(str(tmp_path / "params"), params)
    policy = imported(tmp_path / "params", activation="tanh", raw=True)
    assert not policy.normalizes
    assert_alike(policy, networks, neutral)
    with pytest.raises(UserError, match="unknown activation 'magic': choose one of relu, swish"):
        imported(tmp_path / "params", activation="magic")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A folder of brax's own checkpointing, its networks and parameters."""
    folder = tmp_path_factory.mktemp("checkpoints")
    networks, params = ppo(activation=linen.elu)

    def factory(size, actions, preprocess_observations_fn=None, activation=linen.elu):
        raise NotImplementedError  # brax reads its defaults only

    config = ppo_checkpoint.network_config(OBS, ACTIONS, True, factory)
    ppo_checkpoint.save(folder, 7, params, config)
    return folder / "000000000007", networks, params


def test_a_checkpoints_folder_says_itself_how_it_is_built(checkpoint):
    folder, networks, params = checkpoint
    policy = imported(folder)
    assert (policy.activation, policy.normalizes) == ("elu", True)
    assert_alike(policy, networks, params)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"activation": "mish"}, "its units are mish, which is not supported"),
        ({"distribution_type": "normal"}, "no tanh-normal one"),
    ],
)
def test_a_checkpoint_of_another_kind_is_refused(checkpoint, tmp_path, change, complaint):
    [file] = checkpoint[0].glob("*.json")
    config = json.loads(file.read_text())
    config["network_factory_kwargs"] |= change
    (tmp_path / file.name).write_text(json.dumps(config))
    with pytest.raises(UserError, match=complaint):
        imported(tmp_path)


def test_the_folder_of_all_checkpoints_is_refused(checkpoint):
    with pytest.raises(UserError, match="give the folder of one"):
        imported(checkpoint[0].parent)


def test_layer_norm_and_another_robot_are_refused(tmp_path):
    _, params = ppo()
    layers = {**params[1]["params"], "LayerNorm_0": {"scale": np.ones(16)}}
    model.save_params(str(tmp_path / "norm"), (params[0], {"params": layers}, params[2]))
    with pytest.raises(UserError, match="supported are brax's plain ones"):
        imported(tmp_path / "norm")
    model.save_params(str(tmp_path / "params"), params)
    with pytest.raises(UserError, match="5 observations and gives 2 actions; crab has 6 and 2"):
        policy_from_brax(read_brax(tmp_path / "params"), "crab", 6, 2, {})


class _Hostile:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def test_a_pickle_that_runs_something_is_refused(tmp_path):
    (tmp_path / "params").write_bytes(pickle.dumps((_Hostile(f"touch {tmp_path / 'ran'}"), {})))
    with pytest.raises(UserError, match=r"it refers to posix\.system"):
        imported(tmp_path / "params")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [({}, {}), [1, 2], {"a": 1}, 3])
def test_a_pickle_of_something_else_is_refused(tmp_path, content):
    (tmp_path / "params").write_bytes(pickle.dumps(content))
    with pytest.raises(UserError, match="is not a policy saved by brax"):
        imported(tmp_path / "params")


def test_an_imported_policy_survives_its_file_and_its_statistics_have_no_gradient(tmp_path):
    networks, params = ppo()
    model.save_params(str(tmp_path / "params"), params)
    policy = imported(tmp_path / "params")
    save_policy(tmp_path / "policy.msgpack", policy)
    assert DESIGNED_FORMAT.encode() in (tmp_path / "policy.msgpack").read_bytes()
    loaded = load_policy(
        tmp_path / "policy.msgpack", robot="crab", observation_size=OBS, action_size=ACTIONS
    )
    assert_alike(loaded, networks, params)

    def loss(params):
        mean, log_std = loaded.network.apply(params, SEEN)
        return jnp.sum(mean**2) + jnp.sum(log_std**2)

    gradient = jax.grad(loss)(loaded.params)["params"]
    assert not any(np.any(x) for x in gradient[NORMALIZER].values())
    assert all(np.any(x) for x in jax.tree.leaves(gradient["shared"]))
