"""Which settings a run gets: the published coefficients of each robot, and presets."""

from typing import Any

from lamour_jax.config import (
    LEARNERS,
    LearnerConfig,
    PPOConfig,
    SACConfig,
    checked_settings,
)

# LaMOuR's coefficients and temperatures as published, and what else is a robot's own: robot ->
# SACConfig fields. Other robots have the defaults.
PUBLISHED: dict[str, dict[str, Any]] = {
    "ant": {"aux_coef": 0.2, "consol_coef": 1.0, "initial_temperature": 1.0},
    "half_cheetah": {"aux_coef": 0.5, "consol_coef": 1.0, "initial_temperature": 0.2},
    "hopper": {"aux_coef": 0.2, "consol_coef": 0.5, "initial_temperature": 0.2},
    "walker2d": {"aux_coef": 0.5, "consol_coef": 0.3, "initial_temperature": 0.2},
    "humanoid": {
        "aux_coef": 0.05,
        "consol_coef": 0.0,
        "initial_temperature": 1.0,
        "num_envs": 5,
        "target_entropy_per_action": -5.0,  # for each of five robots, added up
    },
    "push_chair": {
        "aux_coef": 0.01,
        "consol_coef": 0.5,
        "initial_temperature": 1.0,
        "gamma": 0.95,
        "batch_size": 1024,
    },
}

# What the baselines' published settings differ in: method -> robot -> SACConfig fields.
PUBLISHED_BASELINES: dict[str, dict[str, dict[str, Any]]] = {
    "sero": {
        "ant": {"aux_coef": 1.0, "consol_coef": 0.2},
        "half_cheetah": {"aux_coef": 3.0, "consol_coef": 0.5},
        "hopper": {"aux_coef": 0.5, "consol_coef": 0.5},
        "walker2d": {"aux_coef": 1.0, "consol_coef": 0.3},
        "humanoid": {"aux_coef": 0.5, "consol_coef": 0.5},
        "push_chair": {"aux_coef": 0.5, "consol_coef": 0.5},
    },
    "sac_env": {robot: {"initial_temperature": 0.2} for robot in ("humanoid", "push_chair")},
    "sac_zero": {robot: {"initial_temperature": 0.2} for robot in ("humanoid", "push_chair")},
    "sac_t2r": {"push_chair": {"initial_temperature": 0.2}},
}

# Quick on few cores: many robots feed one learner, which layer norm lets take larger steps. The
# original policy is held at anchors, harder as values grow: what it can do is not unlearned before
# the robot stands up, and counts from the moment it does. Short episodes bring more of the first
# moments on the ground. Each of these is measured in docs/performance.md.
_FAST: dict[str, Any] = {
    "num_envs": 64,
    "episode_length": 250,
    "grad_updates_per_step": 8,
    "longest_noise": 32.0,
    "random_steps": 8_000,
    "replay_capacity": 500_000,
    "replay_originals_episodes": True,
    "batch_size": 128,  # half the batch buys nearly twice the updates per second
    "tau": 0.02,
    "target_entropy_per_action": -2.0,
    "actor_learning_rate": 1e-3,
    "critic_learning_rate": 1e-3,
    "final_learning_rate_fraction": 0.1,
    # In the published runs the robot stands once the temperature has fallen to about this.
    "initial_temperature": 0.03,
    "temperature_learning_rate": 1e-4,
    "entropy_where_not_recovered": True,
    "anchor_batch_size": 32,
    "anchor_value_share": 0.05,
    "actor_averaging": 0.998,
    "critic_layer_norm": True,
    "dropout_rate": 0.0,
}

# The ant's way over is long: a temperature that falls quickly ends the search before it is found.
# It rolls over within 15 steps, and in episodes of 250 its replay holds too few of them. Its
# original policy bounces too high at times, at full speed: whole episodes without anchors, and more
# of what came before a fall, mend that once the robot gets up quickly.
# A running HalfCheetah's values, over a thousand, are all that critics learn while their replay is
# full of them: how fallen poses differ, by ten, comes late.
_FAST_ROBOTS: dict[str, dict[str, Any]] = {
    "ant": {
        "temperature_learning_rate": 3e-5,
        "tau": 0.05,
        "longest_noise": 16.0,
        "episode_length": 100,
        "anchor_value_fade": 0.42,
        "whole_episodes_after": 0.65,
        "final_learning_rate_fraction": 0.3,
        "ending_batch_size": 16,
        "actor_averaging": 0.9995,
    },
    "half_cheetah": {"replay_originals_episodes": False},
    "walker2d": {
        "tau": 0.05,
        "replay_originals_episodes": False,
        "target_entropy_per_action": -1.0,
        "longest_noise": 1.0,
    },
    # Its original policies are saturated on the ground, and noise does not find a way up from
    # there. Its reward's steps are small (aux_coef 0.05), and so are the temperature and the
    # consolidation that they outweigh. An episode from its back is over when it falls after its
    # leap, one from on the way back lasts to the limit: of more of these, hardly a step is left to
    # learn the landing from.
    "humanoid": {
        "near_recovered_share": 0.4,
        "fresh_actor": True,
        "anchor_batch_size": 64,
        "consol_coef": 0.05,
        "episode_length": 200,
        "longest_noise": 8.0,
        "grad_updates_per_step": 16,
        "actor_learning_rate": 5e-4,
        "initial_temperature": 0.003,
        "temperature_learning_rate": 3e-5,
        "target_entropy_per_action": -1.0,
        "critic_normalizes": True,
    },
    # To fetch the chair from below and lift it takes longer than the discount by which a policy
    # arrives looks ahead (see _PRETRAIN_ROBOTS), and what is done to it on the way has to count.
    "push_chair": {
        "near_recovered_share": 0.7,
        "aux_coef": 1.0,
        "consol_coef": 0.1,
        "anchor_batch_size": 64,
        "gamma": 0.92,
        "recovery_gamma": 0.98,
        "episode_length": 150,
        "grad_updates_per_step": 16,
        "random_steps": 2_000,
        "initial_temperature": 0.01,
        "target_entropy_per_action": -1.0,
    },
}

# Thousands of robots, for accelerators, which take about as long for an update of 1024 as of 128.
_SCALE: dict[str, Any] = {
    **_FAST,
    "num_envs": 2048,
    "batch_size": 1024,
    "anchor_batch_size": 256,  # the same share of a batch
    "replay_capacity": 2_000_000,
}

_SCALE_ROBOTS = {
    **_FAST_ROBOTS,
    "ant": {**_FAST_ROBOTS["ant"], "ending_batch_size": 128},
    **{
        robot: {**_FAST_ROBOTS[robot], "anchor_batch_size": 512}
        for robot in ("humanoid", "push_chair")
    },
}

# From scratch on the original task: there is time for a steadier pace.
_PRETRAIN: dict[str, Any] = {
    **_FAST,
    "num_envs": 16,
    "episode_length": None,
    "longest_noise": 1.0,
    "tau": 0.01,
    "actor_learning_rate": 5e-4,
    "critic_learning_rate": 5e-4,
    "temperature_learning_rate": 3e-4,
    "initial_temperature": 0.2,
    "target_entropy_per_action": -1.0,
}

# Short episodes that end by success or a fall, and a start anywhere around the target: more robots.
# To hold the chair beside the target for ever pays 5.5 a step, to arrive 108 once: with the
# published discount of 0.95 that is 110 and 108, and a policy that learns long enough stays there.
# The Humanoid's steps pay 0.25 at most in the published gait, which a temperature of 0.2 outweighs.
_PRETRAIN_ROBOTS: dict[str, dict[str, Any]] = {
    "humanoid": {
        "num_envs": 64,
        "grad_updates_per_step": 16,
        "initial_temperature": 0.02,
        "critic_normalizes": True,
    },
    "push_chair": {"num_envs": 32, "batch_size": 256, "gamma": 0.92},
}

PRESETS: dict[str, dict[str, Any]] = {"paper": {}, "fast": _FAST, "scale": _SCALE}
_ROBOTS_OWN = {"fast": _FAST_ROBOTS, "scale": _SCALE_ROBOTS}

# Thousands of robots on an accelerator: short rollouts, large batches.
_PPO_SCALE: dict[str, Any] = {
    "num_envs": 2048,
    "unroll_length": 32,
    "num_minibatches": 32,
}

_COEFFICIENTS = ("aux_coef", "consol_coef")
_SHARED = (*_COEFFICIENTS, "gamma")  # published settings that PPO has, too

PPO_PRESETS: dict[str, dict[str, Any]] = {"fast": {}, "scale": _PPO_SCALE}


def sac_config(robot: str, preset: str, *, method: str = "lamour", **overrides: Any) -> SACConfig:
    """Settings of `preset` for `robot` and `method`, but for the overrides.

    Raises:
      ValueError: an unknown preset or a setting out of range.
    """
    chosen = {**_published(robot, method), **_preset(PRESETS, preset)}
    if preset != "paper":
        chosen |= _ROBOTS_OWN[preset].get(robot, {})
        # Those are found for LaMOuR: a baseline keeps the coefficients that it was published with.
        own = _baselines_own(robot, method)
        chosen |= {name: own[name] for name in _COEFFICIENTS if name in own}
    return SACConfig(**{**chosen, **overrides})


def ppo_config(robot: str, preset: str, *, method: str = "lamour", **overrides: Any) -> PPOConfig:
    """As `sac_config`, for PPO."""
    published = _published(robot, method)
    shared = {name: value for name, value in published.items() if name in _SHARED}
    return PPOConfig(**{**shared, **_preset(PPO_PRESETS, preset), **overrides})


def learner_config(
    learner: str, robot: str, preset: str, *, method: str = "lamour", **overrides: Any
) -> LearnerConfig:
    """Settings of `preset` for `learner`, `robot` and `method`, but for the overrides.

    Raises:
      ValueError: an unknown learner, preset or setting, or a value of another type or out of range.
    """
    if learner not in LEARNERS:
        raise ValueError(f"unknown learner {learner!r}: choose one of {', '.join(LEARNERS)}")
    make = ppo_config if learner == "ppo" else sac_config
    overrides = checked_settings(LEARNERS[learner], overrides)
    return make(robot, preset, method=method, **overrides)


def _published(robot: str, method: str) -> dict[str, Any]:
    return {**PUBLISHED.get(robot, {}), **_baselines_own(robot, method)}


def _baselines_own(robot: str, method: str) -> dict[str, Any]:
    return PUBLISHED_BASELINES.get(method, {}).get(robot, {})


def _preset(presets: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    if name not in presets:
        raise ValueError(f"unknown preset {name!r}: choose one of {', '.join(presets)}")
    return presets[name]


# Updates after which each robot has recovered with "fast"; a robot that is not known here gets the
# usual ones.
FAST_UPDATES = {
    "ant": 240_000,
    "half_cheetah": 60_000,
    "hopper": 30_000,
    "humanoid": 500_000,
    "walker2d": 80_000,
    "push_chair": 500_000,
}
USUAL_UPDATES = 60_000

# As published; the other robots' is a million.
PAPER_UPDATES = {"humanoid": 4_000_000, "push_chair": 2_000_000}

# Of the other robots and presets. In control steps: SAC's scale 5 million, PPO's presets 5 and 20
# million.
SAC_UPDATES = {"paper": 1_000_000, "scale": 20_000}
PPO_UPDATES = {"fast": 40_000, "scale": 40_000}


def recovery_updates(robot: str, preset: str, learner: str = "sac") -> int:
    """How long `preset` of `learner` trains `robot`."""
    if learner == "ppo":
        return PPO_UPDATES[preset]
    if preset == "fast":
        return FAST_UPDATES.get(robot, USUAL_UPDATES)
    return (
        PAPER_UPDATES.get(robot, SAC_UPDATES[preset]) if preset == "paper" else SAC_UPDATES[preset]
    )


def evaluation_interval(num_updates: int) -> int:
    """Updates between evaluations: some twenty points make a curve."""
    return min(max(num_updates // 20, 1_000), 10_000)


def pretrain_config(robot: str) -> SACConfig:
    """Settings for training an original policy of `robot` from scratch."""
    own = {**PUBLISHED.get(robot, {}), **_PRETRAIN, **_PRETRAIN_ROBOTS.get(robot, {})}
    return SACConfig(**own)
