"""Reward code on disk: what is written, what is loaded, and what is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamour_jax.rewardcode import RewardCodeError, Verdict, check, load_program, save_artefact
from lamour_jax.rewardcode.translate import hash_of
from tests.rewardcode.test_verify import samples

# Finite where verification looks, not finite beyond: (1e15)**4 is too large for float32.
GATE = "def is_recovered(state):\n    return (state[0] > 0.5) * (1 + 0 * state[0]**4)\n"
REWARD = "def calculate_reward(state, action):\n    return -(1 + state[0]**2)**2\n"


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    return check(GATE + REWARD, samples())


@pytest.fixture
def folder(verdict: Verdict, tmp_path: Path) -> Path:
    save_artefact(tmp_path, verdict)
    return tmp_path


def refusal(path: Path) -> str:
    with pytest.raises(RewardCodeError, match="lamour check") as error:
        load_program(path)
    return error.value.findings[0].rule


def test_files(folder: Path, verdict: Verdict) -> None:
    assert (folder / "reward.py").read_text() == GATE + REWARD
    translation = (folder / "reward_jnp.py").read_text()
    assert translation == verdict.jnp_source
    assert translation.startswith('"""') and verdict.sha256 in translation
    record = json.loads((folder / "verdict.json").read_text())
    assert record["accepted"] and record["findings"] == verdict.to_json()["findings"]


def test_program_runs_vmapped_and_jitted_in_float32(folder: Path, verdict: Verdict) -> None:
    program = load_program(folder)
    states = jnp.asarray(samples().random, jnp.float32)
    actions = jnp.zeros((len(states), 2))
    rewards = jax.jit(jax.vmap(program.calculate_reward))(states, actions)
    recovered = jax.jit(jax.vmap(program.is_recovered))(states)
    assert rewards.dtype == recovered.dtype == jnp.float32
    assert rewards.shape == recovered.shape == (len(states),)
    np.testing.assert_allclose(rewards, -((1 + states[:, 0] ** 2) ** 2), rtol=1e-6)
    np.testing.assert_array_equal(recovered, states[:, 0] > 0.5)
    assert (program.state_size, program.action_size) == (3, 2)
    assert program.sha256 == verdict.sha256


def test_non_finite_results_become_the_lowest_reward(folder: Path, verdict: Verdict) -> None:
    program = load_program(folder)
    far, near, action = jnp.array([1e15, 0.0, 0.0]), jnp.array([1.0, 0.0, 0.0]), jnp.zeros(2)
    assert program.calculate_reward(far, action) == pytest.approx(verdict.lowest_reward)
    assert not program.is_sound(far, action) and program.is_sound(near, action)
    assert program.is_recovered(far) == 0.0 and program.is_recovered(near) == 1.0


@pytest.mark.parametrize("name", ["reward.py", "reward_jnp.py"])
def test_any_file_of_the_folder_leads_to_the_program(folder: Path, name: str) -> None:
    assert load_program(folder / name).sha256 == load_program(folder).sha256


@pytest.mark.parametrize("name", ["reward.py", "reward_jnp.py"])
def test_edited_files_are_refused(folder: Path, name: str) -> None:
    path = folder / name
    path.write_text(path.read_text() + "\n# harmless\n")
    assert refusal(folder) == "edited"


def test_forged_translation_is_not_executed(folder: Path, tmp_path: Path) -> None:
    """Whoever edits the translation and the verdict to match still gets nothing run."""
    canary = tmp_path / "canary"
    path = folder / "reward_jnp.py"
    path.write_text(path.read_text() + f"\nopen({str(canary)!r}, 'w')\n")
    record = json.loads((folder / "verdict.json").read_text())
    record["jnp_sha256"] = hash_of(path.read_text())
    (folder / "verdict.json").write_text(json.dumps(record))
    assert refusal(folder) == "other-translation"
    assert not canary.exists()


def change(key: str, value: object) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        record = json.loads((folder / "verdict.json").read_text())
        (folder / "verdict.json").write_text(json.dumps(record | {key: value}))

    return edit


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (change("accepted", False), "not-accepted"),
        (change("sha256", "0" * 64), "edited"),
        (change("state_size", 4), "other-translation"),
        (change("lowest_reward", "low"), "no-artefact"),
        (lambda folder: (folder / "verdict.json").write_text("[1]"), "no-artefact"),
        (lambda folder: (folder / "verdict.json").unlink(), "no-artefact"),
        (lambda folder: (folder / "reward.py").unlink(), "no-artefact"),
        (lambda folder: (folder / "reward_jnp.py").unlink(), "no-artefact"),
    ],
)
def test_incomplete_artefacts_are_refused(
    damage: Callable[[Path], None], rule: str, folder: Path
) -> None:
    damage(folder)
    assert refusal(folder) == rule


def test_refused_code_is_kept_but_not_loaded(tmp_path: Path) -> None:
    verdict = check(GATE + "import os\n" + REWARD, samples())
    save_artefact(tmp_path, verdict)
    assert (tmp_path / "reward.py").exists() and not (tmp_path / "reward_jnp.py").exists()
    assert not json.loads((tmp_path / "verdict.json").read_text())["accepted"]
    assert refusal(tmp_path) in ("no-artefact", "not-accepted")


def test_an_older_translation_does_not_outlive_a_refusal(folder: Path) -> None:
    save_artefact(folder, check("no code", samples()))
    assert not (folder / "reward_jnp.py").exists()
