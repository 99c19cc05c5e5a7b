"""Which original policies experiments find."""

import pytest

from experiments import original_policies
from experiments.original_policies import find_policies
from lamour_jax.errors import UserError
from lamour_jax.policy import load_policy
from tests.conftest import released_actor


def test_shipped_ones_are_found():
    name, files = find_policies("shipped")
    assert name == "shipped"
    assert {"half_cheetah", "hopper"} <= set(files)
    assert all(file.is_file() for file in files.values())


def test_a_folder_s_name_is_the_policies(tmp_path):
    folder = tmp_path / "mine"
    (folder / "ant").mkdir(parents=True)
    for file in (folder / "ant" / "policy.msgpack", folder / "hopper.msgpack"):
        file.touch()
    (folder / "dog.msgpack").touch()  # no such robot
    expected = {"ant": folder / "ant" / "policy.msgpack", "hopper": folder / "hopper.msgpack"}
    assert find_policies(str(folder)) == ("mine", expected)


def test_no_folder_is_said():
    with pytest.raises(UserError, match=r"no folder elsewhere.*shipped, released"):
        find_policies("elsewhere")


def test_released_actors_are_converted_once(tmp_path, monkeypatch):
    actor = released_actor("hopper")
    monkeypatch.setattr(original_policies, "RELEASED", actor.parent)
    monkeypatch.setattr(original_policies, "CONVERTED", tmp_path)
    monkeypatch.setattr("envs.shipped", lambda: ("hopper",))
    name, files = find_policies("released")
    assert (name, set(files)) == ("released", {"hopper"})
    policy = load_policy(files["hopper"], robot="hopper", observation_size=11, action_size=3)
    assert policy.about["imported_from"] == actor.name
    monkeypatch.setattr(original_policies, "RELEASED", tmp_path / "gone")
    assert find_policies("released") == (name, files)
