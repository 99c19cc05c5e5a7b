"""Settings: presets, what they scale to, and how they survive in a run's folder."""

import pytest

from lamour_jax.config import (
    PPOConfig,
    evaluation_interval,
    learner_config,
    recovery_updates,
    stored_learner,
    to_json,
)
from lamour_jax.errors import UserError


@pytest.mark.parametrize(("learner", "updates"), [("sac", 20_000), ("ppo", 40_000)])
def test_scale_is_for_thousands_of_robots(learner, updates):
    config = learner_config(learner, "half_cheetah", "scale")
    assert config.num_envs == 2048
    assert all(number % 8 == 0 for number in config.split_numbers.values())  # eight devices
    assert recovery_updates("half_cheetah", "scale", learner) == updates


def test_some_twenty_evaluations_make_a_curve():
    intervals = [evaluation_interval(updates) for updates in (300, 20_000, 60_000, 1_000_000)]
    assert intervals == [1_000, 1_000, 3_000, 5_000]


@pytest.mark.parametrize("learner", ["sac", "ppo"])
def test_coefficients_are_the_methods(learner):
    def coefs(method, preset="fast"):
        config = learner_config(learner, "half_cheetah", preset, method=method)
        return config.aux_coef, config.consol_coef

    assert coefs("lamour") == coefs("sac_zero") == (0.5, 1.0)
    assert coefs("sero") == coefs("sero", "scale") == (3.0, 0.5)


def test_settings_survive_a_run_folder_and_old_folders_are_sacs():
    ppo = learner_config("ppo", "hopper", "fast", num_envs=8)
    assert (ppo.aux_coef, ppo.consol_coef, ppo.num_envs) == (0.2, 0.5, 8)
    assert stored_learner({"learner": "ppo", "ppo": to_json(ppo)}) == ppo
    sac = learner_config("sac", "hopper", "fast")
    assert stored_learner({"sac": to_json(sac)}) == sac
    with pytest.raises(UserError, match=r"another version.*momentum"):
        stored_learner({"sac": to_json(sac) | {"momentum": 0.9}})
    with pytest.raises(ValueError, match=r"'td3'.*sac, ppo"):
        learner_config("td3", "hopper", "fast")
    with pytest.raises(ValueError, match=r"'paper'.*fast, scale"):
        learner_config("ppo", "hopper", "paper")
    with pytest.raises(ValueError, match="num_minibatches"):
        PPOConfig(num_envs=3, unroll_length=5, num_minibatches=2)
