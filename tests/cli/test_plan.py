"""`lamour plan`: what it says, what it leaves, and that the shipped answers lead up."""

import json

import numpy as np
import pytest

from lamour_jax.cli.plan import describe, plan


@pytest.fixture(scope="module")
def short(tmp_path_factory, hopper_policy):
    """Eight steps of one episode: nobody is up by then."""
    folder = tmp_path_factory.mktemp("plan") / "hopper"
    settings = {"policy": hopper_policy, "episodes": 1, "steps": 8, "video": True}
    return plan(env="hopper", out=folder, **settings), folder


def test_it_leaves_the_episodes_and_the_measures(short):
    measures, folder = short
    kept = np.load(folder / "candidate-1.npz")
    assert kept["qpos"].shape == (8, 1, 6) and kept["action"].shape == (8, 1, 3)
    stored = json.loads((folder / "metrics.json").read_text())
    assert stored == {key: value for key, value in measures.items() if key != "folder"}
    assert stored["rewards"]["candidate-1"]["lengths"] == [8]
    # There is no recovery to film.
    assert sorted(path.name for path in folder.iterdir()) == ["candidate-1.npz", "metrics.json"]


def test_it_says_so_where_no_way_up_was_found(short):
    measures, _ = short
    said = describe(measures)
    assert "candidate-1  0 of 1 recovered" in said and "no way up was found" in said


@pytest.mark.slow
def test_the_recorded_reward_leads_up(tmp_path):
    measures = plan(env="hopper", steps=140, video=True, out=tmp_path / "plan")
    found = measures["rewards"]["candidate-1"]
    assert found["recovered"] >= 2 and found["time_to_recovery"] < 120
    assert (tmp_path / "plan" / "video.mp4").stat().st_size > 1000
