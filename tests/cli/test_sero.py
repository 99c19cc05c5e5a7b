"""`lamour recover --method sero`: what it measures, keeps and resumes with; tiny runs."""

import json
import shutil
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from lamour_jax.cli import recover as command
from lamour_jax.cli import recovery_training, uncertainty
from lamour_jax.config import TrainConfig
from lamour_jax.policy import load_policy
from lamour_jax.runs import read_metrics


@pytest.fixture(autouse=True)
def little_to_measure(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(uncertainty, "ROBOTS", 4)
    monkeypatch.setattr(uncertainty, "STEPS", 50)


@pytest.fixture
def measured(monkeypatch) -> list[list[float]]:
    """What was measured, every time that it was."""
    results, measure = [], uncertainty._measure

    def noted(run, policy):
        results.append(measure(run, policy))
        return results[-1]

    monkeypatch.setattr(uncertainty, "_measure", noted)
    return results


def largest_in(folder: Path) -> list[float]:
    return json.loads((folder / "variances.json").read_text())


def test_variances_are_measured_once_for_a_policy_and_stay_with_the_run(
    tmp_path, hopper_policy, measured
):
    policy = load_policy(hopper_policy, robot="hopper", observation_size=11, action_size=3)
    obs = jax.random.normal(jax.random.key(0), (5, 11))

    def uncertainty_of(name):
        run = SimpleNamespace(
            robot="hopper",
            robot_name="hopper",
            folder=tmp_path / name,
            config={"physics": "native"},
        )
        return uncertainty.original_uncertainty(run, policy)(obs, jax.random.key(1))

    first = uncertainty_of("first")
    assert np.all((np.asarray(first) > 0.0) & (np.asarray(first) <= 1.0))
    assert len(measured) == 1 and len(measured[0]) == 256
    np.testing.assert_array_equal(uncertainty_of("another"), first)
    assert largest_in(tmp_path / "another") == largest_in(tmp_path / "first") == measured[0]
    shutil.rmtree(tmp_path / "cache")
    np.testing.assert_array_equal(uncertainty_of("first"), first)
    assert len(measured) == 1


def test_a_run_is_trained_and_resumed(tmp_path, hopper_policy, measured, monkeypatch):
    """Two seeds, by PPO; judged in two episodes, and without a report."""
    monkeypatch.setattr(command, "TrainConfig", partial(TrainConfig, final_eval_episodes=2))
    monkeypatch.setattr(recovery_training, "write_report", lambda folder, env: None)
    run, policy = tmp_path / "run", hopper_policy
    outcome = command.recover(
        env="hopper", policy=policy, physics="native", method="sero", learner="ppo", num_envs=2,
        seeds=[3, 4], updates=64, out=run,
    )  # fmt: skip
    assert outcome["method"] == "sero"
    assert json.loads((run / "config.json").read_text())["ppo"]["aux_coef"] == 0.5
    command.resume(run, updates=96)
    assert [largest_in(run)] == measured
    for name in ("seed-3", "seed-4"):
        rows = read_metrics(run / "members" / name)
        before, after = (row for row in rows if row["kind"] == "epoch")
        assert before["updates"] == 64 and after["updates"] >= 96
        for epoch in (before, after):
            assert -1.0 <= epoch["recovery/aux_reward"] < 0.0
            # On the ground both tell of one uncertainty, which may be 1 in every state.
            certainty = 1.0 + epoch["recovery/aux_reward"]
            assert epoch["recovery/recovered"] == pytest.approx(certainty, abs=0.05)
