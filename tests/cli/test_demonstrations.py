"""Planned episodes in a run: planned once, kept in its folder, done without where none recovers."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from envs.wrappers import VectorEnv
from lamour_jax.cli.demonstrations import begin_among, planned_demonstrations
from lamour_jax.config import PPOConfig, SACConfig
from lamour_jax.recovery import make_rule
from lamour_jax.runs import PLANNED_FILE
from tests.scripted import Scripted, program

ASKED = SACConfig(planned_episodes=2, planned_batch_size=8, planned_start_share=1.0, num_envs=4)
RULES = {"one": make_rule("lamour", [program(1.0)]), "two": make_rule("lamour", [program(2.0)])}
ORIGINAL = SimpleNamespace(
    params=None, network=SimpleNamespace(apply=lambda params, obs: (jnp.zeros((len(obs), 1)), None))
)


@pytest.fixture
def run(tmp_path):
    return SimpleNamespace(folder=tmp_path, config={"train": {"seed": 1}})


def plan(run, env, rules=RULES, learner=ASKED):
    return planned_demonstrations(run, env, ORIGINAL, rules, learner)


def test_every_reward_s_recoveries_are_kept_for_a_resumed_run(run, capsys):
    env = Scripted("ood", episode_length=8)
    found = plan(run, env)
    assert found.action.shape == (2 * 2 * 8, 1)  # all recover at once and stay up
    said = capsys.readouterr().out
    assert "with one" in said and "with two" in said and "2 of 2 planned episodes recovered" in said
    assert "compiling the planner" in said and "compiled in" in said
    again = plan(run, env=None, rules={})  # nothing to plan with: they are read
    for one, other in zip(found, again, strict=True):
        np.testing.assert_array_equal(one, other)
    robots = VectorEnv(begin_among(env, found, ASKED), 32).reset(jax.random.key(0)).robots
    assert set(np.asarray(robots.obs[:, 0])) <= set(found.qpos[:, 0])


class _Hopeless(Scripted):
    def is_healthy(self, physics):
        return physics.qpos[0] > 2.0


def test_where_none_recovers_learning_begins_without_any(run, capsys):
    env = _Hopeless("ood", episode_length=8)
    assert plan(run, env) is None
    assert "no planned episode recovered" in capsys.readouterr().out
    assert begin_among(env, None, ASKED) is env
    assert plan(run, env=None, rules={}) is None  # a resumed run does not try again


@pytest.mark.parametrize("learner", [SACConfig(), PPOConfig()])
def test_nothing_is_planned_unasked(run, learner):
    assert plan(run, None, learner=learner) is None
    assert not (run.folder / PLANNED_FILE).exists()
