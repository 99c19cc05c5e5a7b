"""A finished run that never took place: real policies of no skill, invented figures."""

import json
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import envs
from envs.rendering import encode_png
from lamour_jax.lvlm.conversation import RobotTask, run_conversation
from lamour_jax.lvlm.providers import Answer
from lamour_jax.networks import Actor
from lamour_jax.policy import policy_from_params, save_policy

HOSTILE = '</code><script>alert("owned")</script><img src=x onerror="alert(1)">'
SOURCE = f'''import numpy as np


def is_recovered(state):  # {HOSTILE}
    return int(abs(state[1]) < 1.0)


def calculate_reward(state, action):
    """Nearer to level is better. {HOSTILE}"""
    return -abs(state[1]) - 0.01 * float(np.sum(action**2))
'''
PROGRAM = SOURCE.replace("numpy as np", "jax.numpy as jnp").replace("np.sum", "jnp.sum")


class _Model:
    """Answers whatever it is asked, with markup in each answer."""

    name = "recorded"
    image = None

    def ask(self, question):
        text = {
            "ood_description": f"The robot lies on its back. {HOSTILE}",
            "behavior_reasoning": f"Roll over onto the feet. {HOSTILE}",
            "code_generation": f"```python\n{SOURCE}```",
        }[question.stage]
        return Answer(text, "model-1", "2025-03-04")


@pytest.fixture(scope="session")
def env():
    return envs.make("half_cheetah", "ood", "native", evaluation=True)


@pytest.fixture(scope="session")
def policy(env):
    """A policy of no skill, whose large actions make the robot move."""
    actor = Actor(env.action_size, (8,))
    params = actor.init(jax.random.key(0), jnp.zeros(env.observation_size))
    params = jax.tree.map(lambda x: 3.0 * x, params)
    return policy_from_params(env.name, params, {"updates": 4000})


@pytest.fixture
def run_folder(tmp_path, policy):
    """The folder of a LaMOuR run."""
    folder = tmp_path / "run"
    (folder / "reward").mkdir(parents=True)
    for name in ("original", "policy"):
        save_policy(folder / f"{name}.msgpack", policy)
    _write(folder / "config.json", config())
    _write(folder / "metrics.json", outcome())
    lines = [json.dumps(row) for row in rows()]
    (folder / "metrics.jsonl").write_text("\n".join(lines))
    write_reward(folder / "reward")
    return folder


def config() -> dict:
    return {
        "kind": "recover",
        "robot": "half_cheetah",
        "method": "lamour",
        "preset": "fast",
        "physics": "native",
        "stop_at": None,
        "sac": {"aux_coef": 0.5, "hidden_sizes": [8]},
        "train": {"num_updates": 4000, "seed": 1},
        "machine": {"jax": "0.9.2", "devices": ["cpu"], "cpus": 2},
    }


def outcome() -> dict:
    def measures(success_rate, total, time_to_recovery):
        return {
            "episodes": 64,
            "success_rate": success_rate,
            "return": total,
            "time_to_recovery": time_to_recovery,
        }

    return {
        "robot": "half_cheetah",
        "start": "ood",
        "method": "lamour",
        "preset": "fast",
        "seeds": [1],
        "physics": "native",
        "success_rate": 0.984375,
        "return": 11234.5,
        "time_to_recovery": 24.0,
        "retention": 0.97,
        "seconds": 754.2,
        "original": {
            "ood": measures(0.0, 0.0, None),
            "battery": measures(0.046875, 501.0, 30.0),
            "normal": measures(1.0, 12585.0, 1.0),
        },
        "recovered": {
            "ood": measures(0.984375, 11234.5, 24.0),
            "battery": measures(0.765625, 9012.0, 26.0),
            "normal": measures(1.0, 12207.0, 1.0),
        },
    }


def rows() -> list[dict]:
    """Metrics as a run logs them: an epoch each 250 updates, an evaluation each 1000."""
    found = []
    for updates in range(250, 4001, 250):
        share = updates / 4000
        where = {"updates": updates, "env_steps": 8000 + 2 * updates, "seconds": 30 + updates / 5}
        numbers = {
            "recovery/healthy": share,
            "recovery/recovered": 0.9 * share,
            "train/alpha": 0.2 - 0.1 * share,
        }
        found.append({"kind": "epoch", **where, **numbers})
        if updates % 1000 == 0:
            measures = {"success_rate": share, "return": 11000 * share, "return_std": 500.0}
            found.append({"kind": "evaluation", **where, **measures})
    return found


def write_reward(folder) -> None:
    image = encode_png(np.full((30, 40, 3), 128, np.uint8))
    talk = run_conversation(
        _Model(), RobotTask("half_cheetah", "Run forward.", "0 | x", "From its side."), image
    )
    talk.save(folder / "transcript.json")
    (folder / "image.png").write_bytes(image)
    (folder / "reward.py").write_text(SOURCE)
    (folder / "reward_jnp.py").write_text(PROGRAM)
    finding = {"line": 5, "column": 1, "rule": "r", "message": f"careful {HOSTILE}", "hint": ""}
    _write(
        folder / "verdict.json",
        {"accepted": True, "max_relative_difference": 2e-7, "findings": [finding]},
    )


def make_population(folder, diverged: str | None = None) -> None:
    """Turns a run's folder into that of two candidates of which the second won."""
    poor = {"success_rate": 0.004, "return": 300.0, "time_to_recovery": None, "retention": 0.5}
    good = {name: outcome()[name] for name in poor}
    figures = {"candidate-1": poor, "candidate-2": good}
    for name in figures:
        reward = folder / "members" / name / "reward"
        shutil.copytree(folder / "reward", reward)
        (reward / "reward.py").write_text(f"{SOURCE}\n# {name}'s\n")
        shutil.copy(folder / "metrics.jsonl", folder / "members" / name / "metrics.jsonl")
    (folder / "metrics.jsonl").unlink()
    _write(folder / "config.json", {**config(), "members": list(figures)})
    judged = {name: value for name, value in figures.items() if name != diverged}
    _write(folder / "metrics.json", {**outcome(), "winner": "candidate-2", "members": judged})


def _write(path, content) -> None:
    path.write_text(json.dumps(content))
