"""Settings: presets, what they scale to, and how they survive in a run's folder."""

import pytest

import envs
from lamour_jax.config import PPOConfig, stored_learner, to_json
from lamour_jax.errors import UserError
from lamour_jax.presets import (
    PUBLISHED,
    evaluation_interval,
    learner_config,
    pretrain_config,
    recovery_updates,
)

# (aux_coef, consol_coef, initial alpha) of LaMOuR, (aux_coef, consol_coef) of SeRO, as published.
TABLE = {
    "ant": ((0.2, 1.0, 1.0), (1.0, 0.2)),
    "half_cheetah": ((0.5, 1.0, 0.2), (3.0, 0.5)),
    "hopper": ((0.2, 0.5, 0.2), (0.5, 0.5)),
    "walker2d": ((0.5, 0.3, 0.2), (1.0, 0.3)),
    "humanoid": ((0.05, 0.0, 1.0), (0.5, 0.5)),
    "push_chair": ((0.01, 0.5, 1.0), (0.5, 0.5)),
}
# Of all robots; nothing else is in the published recipe.
RECIPE = {
    "num_envs": 1,
    "random_steps": 10_000,
    "replay_capacity": 1_000_000,
    "grad_updates_per_step": 1,
    "batch_size": 256,
    "gamma": 0.99,
    "tau": 0.005,
    "actor_learning_rate": 3e-4,
    "critic_learning_rate": 3e-4,
    "temperature_learning_rate": 3e-5,
    "target_entropy_per_action": -1.0,
    "hidden_sizes": [256, 256],
    "dropout_rate": 0.1,
}
# Humanoid's target entropy is the published -105, of five robots times 21.
DIFFERING = {
    "humanoid": {"num_envs": 5, "target_entropy_per_action": -5.0},
    "push_chair": {"gamma": 0.95, "batch_size": 1024},
}
PUBLISHED_UPDATES = {"humanoid": 4_000_000, "push_chair": 2_000_000}
# What there is beside it, where it changes nothing.
NEUTRAL = {
    "recovery_gamma": None,
    "episode_length": None,
    "whole_episodes_after": 1.0,
    "longest_noise": 1.0,
    "replay_originals_episodes": False,
    "final_learning_rate_fraction": 1.0,
    "entropy_where_not_recovered": False,
    "fresh_actor": False,
    "anchor_batch_size": 0,
    "anchor_value_share": 0.0,
    "anchor_value_fade": 0.0,
    "actor_averaging": 0.0,
    "ending_batch_size": 0,
    "near_recovered_share": 0.0,
    "planned_episodes": 0,
    "planned_batch_size": 0,
    "planned_start_share": 0.0,
    "planned_value_share": 0.0,
    "critic_layer_norm": False,
    "activation": "relu",
    "std": "exp",
    "normalizes": False,
    "critic_normalizes": False,
    "critic_hidden_sizes": None,
}


def test_paper_is_the_published_recipe():
    assert set(PUBLISHED) == set(TABLE)
    for robot, ((aux, consol, alpha), sero) in TABLE.items():
        own = {"aux_coef": aux, "consol_coef": consol, "initial_temperature": alpha}
        assert to_json(learner_config("sac", robot, "paper")) == {
            **RECIPE,
            **NEUTRAL,
            **DIFFERING.get(robot, {}),
            **own,
        }
        baseline = learner_config("sac", robot, "paper", method="sero")
        assert (baseline.aux_coef, baseline.consol_coef) == sero
        assert baseline.initial_temperature == alpha
        assert recovery_updates(robot, "paper") == PUBLISHED_UPDATES.get(robot, 1_000_000)
    unaided = learner_config("sac", "humanoid", "paper", method="sac_zero")
    assert unaided.initial_temperature == 0.2


def test_what_is_push_chairs_own_in_other_settings():
    for method, alpha in (("lamour", 1.0), ("sero", 1.0), ("sac_env", 0.2), ("sac_zero", 0.2)):
        config = learner_config("sac", "push_chair", "paper", method=method)
        assert config.initial_temperature == alpha
    fast, ppo = (learner_config(learner, "push_chair", "fast") for learner in ("sac", "ppo"))
    assert ppo.gamma == 0.95
    # Beside the target 5.5 a step for ever is less than 108 once.
    assert fast.gamma == pretrain_config("push_chair").gamma
    assert 5.5 / (1.0 - fast.gamma) < 108
    assert fast.batch_size == learner_config("sac", "hopper", "fast").batch_size
    # A second and a half to go below the chair, as much to lift it, and then to the target.
    assert 1.0 / (1.0 - fast.recovery_gamma) > 30 > 1.0 / (1.0 - fast.gamma)
    assert recovery_updates("push_chair", "fast") == 500_000


def test_a_robot_that_is_not_known_gets_the_usual_settings():
    for preset in ("fast", "paper"):
        config = to_json(learner_config("sac", "crab", preset))
        known = to_json(learner_config("sac", "hopper", preset))
        differing = {name for name in known if config[name] != known[name]}
        assert differing <= {"consol_coef", "initial_temperature"}
    assert recovery_updates("crab", "fast") == 60_000
    assert pretrain_config("crab").initial_temperature == 0.2


@pytest.mark.parametrize(("learner", "updates"), [("sac", 20_000), ("ppo", 40_000)])
def test_scale_is_for_thousands_of_robots(learner, updates):
    config = learner_config(learner, "half_cheetah", "scale")
    assert config.num_envs == 2048
    assert all(number % 8 == 0 for number in config.split_numbers.values())  # eight devices
    assert recovery_updates("half_cheetah", "scale", learner) == updates


def test_some_twenty_evaluations_make_a_curve():
    intervals = [evaluation_interval(updates) for updates in (300, 20_000, 60_000, 1_000_000)]
    assert intervals == [1_000, 1_000, 3_000, 10_000]


@pytest.mark.parametrize("learner", ["sac", "ppo"])
def test_coefficients_are_the_methods(learner):
    def coefs(method, preset="fast"):
        config = learner_config(learner, "half_cheetah", preset, method=method)
        return config.aux_coef, config.consol_coef

    assert coefs("lamour") == coefs("sac_zero") == (0.5, 1.0)
    assert coefs("sero") == coefs("sero", "scale") == (3.0, 0.5)


@pytest.mark.parametrize("robot", envs.names())
def test_scale_keeps_the_shares_of_a_batch(robot):
    fast, scale = (learner_config("sac", robot, preset) for preset in ("fast", "scale"))
    for part in ("anchor_batch_size", "ending_batch_size", "planned_batch_size"):
        share = getattr(fast, part) / fast.batch_size
        assert getattr(scale, part) / scale.batch_size == share


@pytest.mark.parametrize("preset", ["fast", "scale"])
def test_a_baseline_keeps_its_coefficients_whatever_lamours_are_in_a_preset(preset):
    for robot, (_, sero) in TABLE.items():
        config = learner_config("sac", robot, preset, method="sero")
        assert (config.aux_coef, config.consol_coef) == sero


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


def test_settings_are_taken_by_their_fields_types():
    values = {"replay_capacity": 5e5, "tau": 1, "episode_length": None, "anchor_batch_size": 0}
    config = learner_config("sac", "hopper", "fast", critic_hidden_sizes=[32, 32], **values)
    assert (config.replay_capacity, config.tau, config.episode_length) == (500_000, 1.0, None)
    assert isinstance(config.replay_capacity, int)
    assert isinstance(config.tau, float)
    assert config.critic_hidden_sizes == (32, 32)
    assert config.num_envs == learner_config("sac", "hopper", "fast").num_envs


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"aux_coeff": 1.0}, r"no setting 'aux_coeff'.*aux_coef"),
        ({"batch_size": 1.5}, r"batch_size must be int, not 1\.5"),
        ({"tau": "small"}, "tau must be float, not 'small'"),
        ({"critic_layer_norm": 1}, "critic_layer_norm must be bool, not 1"),
        ({"num_envs": True}, "num_envs must be int, not True"),
        ({"episode_length": "long"}, r"episode_length must be int \| None, not 'long'"),
        ({"critic_hidden_sizes": [32, "b"]}, "critic_hidden_sizes must be int, not 'b'"),
        ({"initial_temperature": 0.0}, "initial_temperature must be above 0"),
        ({"longest_noise": 0.5}, "longest_noise must be at least 1"),
    ],
)
def test_settings_that_no_learner_has_are_refused(values, complaint):
    with pytest.raises(ValueError, match=complaint):
        learner_config("sac", "hopper", "fast", **values)


@pytest.mark.parametrize("learner", ["sac", "ppo"])
@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"gamma": 1.5}, "gamma must lie between 0 and 1"),
        ({"recovery_gamma": 1.5}, "recovery_gamma must lie between 0 and 1"),
        ({"near_recovered_share": -0.5}, "near_recovered_share must lie between 0 and 1"),
        ({"aux_coef": -1}, "aux_coef must not be negative"),
        ({"actor_learning_rate": -1e-3}, "actor_learning_rate must not be negative"),
        ({"fresh_actor": True, "anchor_batch_size": 0}, "set anchor_batch_size above 0"),
        ({"episode_length": 0}, "episode_length must be at least 1"),
    ],
)
def test_every_learner_refuses_what_none_can_have(learner, values, complaint):
    with pytest.raises(ValueError, match=complaint):
        learner_config(learner, "hopper", "fast", **values)
