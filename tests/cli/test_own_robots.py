"""A robot that nobody here shipped, from its file to recovery, as docs/own-robots.md tells it; its
original policy is one that brax made."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brax.io import model
from brax.training.acme import running_statistics, specs
from brax.training.agents.ppo import networks as ppo_networks

from lamour_jax.cli.import_policy import import_policy
from lamour_jax.cli.main import main
from lamour_jax.cli.recover import recover
from lamour_jax.networks import NORMALIZER
from lamour_jax.policy import load_policy
from tests.pages import own_robots_page

OBS, ACTIONS = 8, 2
TINY = {
    "batch_size": 16,
    "random_steps": 8,
    "replay_capacity": 40_000,
    "anchor_batch_size": 8,
    "grad_updates_per_step": 4,
}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = own_robots_page(tmp_path_factory.mktemp("page"))
    text = (folder / "swimmer.toml").read_text()
    assert "episode_length = 500" in text
    (folder / "swimmer.toml").write_text(
        text.replace("episode_length = 500", "episode_length = 30")
    )
    return folder


@pytest.fixture(scope="module")
def policy(page):
    """A policy of brax's PPO, untrained, with statistics of observations."""
    networks = ppo_networks.make_ppo_networks(OBS, ACTIONS, policy_hidden_layer_sizes=(16, 16))
    keys = jax.random.split(jax.random.key(1))
    seen = jax.random.normal(jax.random.key(2), (50, OBS)) * 3.0 + 1.0
    statistics = running_statistics.init_state(specs.Array((OBS,), jnp.float32))
    params = networks.policy_network.init(keys[0]), networks.value_network.init(keys[1])
    model.save_params(str(page / "params"), (running_statistics.update(statistics, seen), *params))
    return import_policy(page / "params", env=str(page / "swimmer.toml"), out=page / "imported")


def test_a_swimmer_goes_from_file_to_recovery(page, policy, monkeypatch, capsys):
    monkeypatch.chdir(page)
    outcome = recover(
        env="swimmer.toml",
        policy=policy,
        reward=[page / "reward.py"],
        updates=8,
        num_envs=4,
        physics="native",
        settings=TINY,
        out=page / "run",
    )
    assert (outcome["robot"], outcome["start"]) == ("swimmer", "ood")
    assert set(outcome["recovered"]) == {"normal", "ood"}
    assert outcome["original"]["ood"]["success_rate"] == 0.0
    config = json.loads((page / "run" / "config.json").read_text())
    assert (config["robot"], config["name"]) == (str(page / "swimmer.toml"), "swimmer")
    assert (page / "run" / "report.html").is_file()
    assert not (page / "runs").exists()

    sizes = {"robot": "swimmer", "observation_size": OBS, "action_size": ACTIONS}
    before = load_policy(page / "run" / "original.msgpack", **sizes)
    after = load_policy(page / "run" / "policy.msgpack", **sizes)
    assert (after.activation, after.std, after.hidden_sizes) == ("swish", "softplus", (16, 16))
    parts = before.params["params"], after.params["params"]
    for old, new in zip(*(jax.tree.leaves(part[NORMALIZER]) for part in parts), strict=True):
        np.testing.assert_allclose(old, new, rtol=1e-4)  # a running mean of themselves
    for old, new in zip(*(jax.tree.leaves(part["shared"]) for part in parts), strict=True):
        assert np.abs(old - new).max() > 1e-4
    # Critics are not as narrow as the original policy is.
    assert config["sac"]["critic_hidden_sizes"] == [256, 256]

    # A resumed run finds the robot from any folder, and knows it by its relative name, too.
    assert main(["recover", "--resume", "--out", "run", "--env", "hopper"]) == 2
    assert f"--env was {page / 'swimmer.toml'}" in capsys.readouterr().err


def test_without_recorded_answers_it_is_said_what_else_there_is(page, capsys, monkeypatch):
    monkeypatch.chdir(page)
    assert main(["generate", "--env", "swimmer.toml"]) == 2
    said = capsys.readouterr().err
    assert "no conversation about swimmer is recorded" in said
    assert "--lvlm" in said and "lamour check reward.py --env swimmer.toml" in said


def test_without_a_policy_it_is_said_how_to_get_one(page, capsys, monkeypatch):
    monkeypatch.chdir(page)
    assert main(["evaluate", "--env", "swimmer.toml"]) == 2
    said = capsys.readouterr().err
    assert "lamour pretrain --env swimmer.toml" in said and "lamour import" in said


def test_a_wrong_description_is_the_users_error(page, capsys, monkeypatch):
    (page / "wrong.toml").write_text('model = "swimmer.xml"\ntask = "Swim."\n')
    monkeypatch.chdir(page)
    for command in (["check", "reward.py"], ["pretrain"], ["evaluate"]):
        assert main([*command, "--env", "wrong.toml"]) == 2
        said = capsys.readouterr().err
        assert f"{page / 'wrong.toml'}: substeps is missing" in said
        assert "Traceback" not in said
