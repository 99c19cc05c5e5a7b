"""Policies as files: what comes back, and what a file that does not fit is told."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import serialization

from lamour_jax.errors import UserError
from lamour_jax.networks import Actor, with_bounds
from lamour_jax.policy import BOUNDED_FORMAT, load_policy, policy_from_params, save_policy

SIZES = {"robot": "hopper", "observation_size": 11, "action_size": 3}


@pytest.fixture(scope="module")
def policy():
    params = Actor(3, (16, 8)).init(jax.random.key(0), jnp.zeros(11))
    return policy_from_params("hopper", params, {"updates": 7, "settings": {"gamma": 0.99}})


@pytest.fixture
def path(policy, tmp_path):
    path = tmp_path / "new" / "policy.msgpack"
    save_policy(path, policy)
    return path


def test_sizes_are_read_off_the_parameters(policy):
    assert (policy.observation_size, policy.action_size) == (11, 3)
    assert policy.hidden_sizes == (16, 8)


def test_what_was_saved_comes_back(policy, path):
    loaded = load_policy(path, **SIZES)
    assert (loaded.robot, loaded.hidden_sizes, loaded.about) == (
        "hopper",
        (16, 8),
        {"updates": 7, "settings": {"gamma": 0.99}},
    )
    obs = jax.random.normal(jax.random.key(1), (5, 11))
    for got, want in zip(
        loaded.network.apply(loaded.params, obs),
        policy.network.apply(policy.params, obs),
        strict=True,
    ):
        np.testing.assert_array_equal(got, want)


def test_bounds_come_back_and_earlier_versions_do_not_read_them_as_none(policy, tmp_path):
    bounded = policy_from_params("hopper", with_bounds(policy.params, 2.5, (-3.0, 0.5)), {})
    save_policy(tmp_path / "bounded", bounded)
    loaded = load_policy(tmp_path / "bounded", **SIZES)
    obs = jnp.full((1, 11), 50.0)
    mean, log_std = loaded.network.apply(loaded.params, obs)
    assert np.abs(policy.network.apply(policy.params, obs)[0]).max() > 2.5 >= np.abs(mean).max()
    np.testing.assert_array_equal(log_std, bounded.network.apply(bounded.params, obs)[1])
    content = serialization.msgpack_restore((tmp_path / "bounded").read_bytes())
    assert content["format"] == BOUNDED_FORMAT == "lamour_jax policy 3"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"there is no policy at .*none\.msgpack"):
        load_policy(tmp_path / "none.msgpack", **SIZES)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a policy",
        b"\x80\x05K\x01.",  # a pickle
        b"PK\x03\x04 a zip",
        serialization.msgpack_serialize({"format": "another"}),
        serialization.msgpack_serialize([1, 2]),
    ],
)
def test_a_foreign_file_is_told_how_to_be_imported(tmp_path, content):
    path = tmp_path / "foreign"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"not a lamour_jax policy.*lamour import"):
        load_policy(path, **SIZES)


def test_a_file_cut_short_is_refused(path):
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match="not a lamour_jax policy"):
        load_policy(path, **SIZES)


def test_a_policy_for_another_robot_is_refused_with_both_shapes(path):
    with pytest.raises(UserError, match=r"'hopper' with 11 .* 3 actions; 'ant' has 27 and 8"):
        load_policy(path, robot="ant", observation_size=27, action_size=8)


def test_a_failed_write_leaves_the_old_file(policy, path, monkeypatch):
    old = path.read_bytes()

    def full_disk(*args):
        raise OSError("no space left")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(OSError, match="no space"):
        save_policy(path, policy)
    assert path.read_bytes() == old
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
