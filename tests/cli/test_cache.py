"""Results that commands keep between runs."""

import jax
import pytest

from lamour_jax.cli import cache
from lamour_jax.cli.arena import Arena
from lamour_jax.networks import Actor
from lamour_jax.policy import policy_from_params


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "lamour_jax"


def test_a_value_is_computed_once_and_anew_where_its_file_is_damaged(folder):
    calls = []

    def compute():
        calls.append(1)
        return {"return": 3.5, "time": None}

    file = folder / "x" / "value.json"
    assert cache.remembered(file, compute) == cache.remembered(file, compute)
    assert len(calls) == 1
    file.write_text('{"return": 3.')
    assert cache.remembered(file, compute) == {"return": 3.5, "time": None}
    assert cache.remembered(file, compute) == {"return": 3.5, "time": None}
    assert len(calls) == 2


def test_a_folder_in_the_way_costs_nothing_but_time(folder):
    file = folder / "x" / "value.json"
    file.mkdir(parents=True)
    assert cache.remembered(file, lambda: 7) == 7


def test_the_digest_follows_sources_and_content(tmp_path):
    source = tmp_path / "module.py"
    source.write_text("A = 1\n")
    names = [cache.world_digest(), cache.world_digest(source)]
    names.append(cache.world_digest(source, content=b"16 episodes"))
    source.write_text("A = 2\n")
    names.append(cache.world_digest(source))
    assert len(set(names)) == 4
    assert cache.world_digest(source) == names[-1]


def test_the_digest_follows_the_poses_that_ship(tmp_path, monkeypatch):
    (tmp_path / "batteries").mkdir()
    monkeypatch.setattr(cache.envs, "__file__", str(tmp_path / "__init__.py"))
    names = []
    for content in (b"poses", b"other poses"):
        (tmp_path / "batteries" / "ant.npz").write_bytes(content)
        names.append(cache.world_digest())
    assert names[0] != names[1]


def test_an_original_policy_is_judged_once_for_its_parameters(monkeypatch):
    judged = []

    def judge(self, params):
        judged.append(params)
        return {"normal": {"return": float(len(judged))}}

    monkeypatch.setattr(Arena, "judge", judge)
    network = Actor(3, (8,))
    arena = Arena("hopper", "native", network, num_episodes=1)
    policies = [
        policy_from_params("hopper", network.init(jax.random.key(seed), jax.numpy.zeros(11)), {})
        for seed in (0, 1)
    ]
    returns = [arena.judge_original(p)["normal"]["return"] for p in (*policies, *policies)]
    assert returns == [1.0, 2.0, 1.0, 2.0]
    more = Arena("hopper", "native", network, num_episodes=2)
    assert more.judge_original(policies[0])["normal"]["return"] == 3.0
