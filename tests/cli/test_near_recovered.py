"""Training that begins some episodes on the way back."""

import jax
import numpy as np
import pytest

from envs.starts import Start
from envs.wrappers import VectorEnv
from lamour_jax.cli.main import main
from lamour_jax.cli.recovery_training import begin_near_recovered
from lamour_jax.config import PPOConfig, SACConfig
from lamour_jax.errors import UserError
from tests.scripted import Scripted


class _OnTheWay(Scripted):
    def near_recovered_start(self):
        return Start(np.array([-9.0]))


@pytest.mark.parametrize("learner", [SACConfig, PPOConfig])
def test_a_share_of_the_episodes_begins_there(learner):
    env = begin_near_recovered(_OnTheWay("ood"), learner(near_recovered_share=0.25))
    begun = VectorEnv(env, 2000).reset(jax.random.key(0)).robots.obs[:, 0]
    assert np.mean(np.asarray(begun) == -9.0) == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize("learner", [SACConfig(), PPOConfig()])
def test_without_a_share_nothing_changes(learner):
    env = _OnTheWay("ood")
    assert begin_near_recovered(env, learner) is env


def test_a_robot_without_such_states_is_named(capsys, tmp_path):
    with pytest.raises(UserError, match=r"0\.5, but scripted has no states on the way back"):
        begin_near_recovered(Scripted("ood"), SACConfig(near_recovered_share=0.5))
    out = tmp_path / "run"
    command = ["recover", "--env", "hopper", "--out", str(out), "--set", "near_recovered_share=0.5"]
    assert main(command) != 0
    assert "hopper has no states on the way back" in capsys.readouterr().err
    assert not out.exists()
