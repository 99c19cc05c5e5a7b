"""Settings: one flat object, presets, and the published coefficients of each robot."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from lamour_jax.errors import UserError


@dataclass(frozen=True)
class SACConfig:
    """Settings of SAC with recovery reward and consolidation. Defaults are METHOD's ("paper").

    Attributes are grouped by what they govern; derived numbers are properties.
    """

    # Method (LaMOuR, table 3)
    aux_coef: float = 0.2
    consol_coef: float = 1.0
    # Collection
    num_envs: int = 1
    episode_length: int | None = None  # training's time limit in control steps; None: the task's
    falls_end: bool = True  # whether an episode of training ends where the robot falls
    # Of exploration, in control steps: between 1 (every robot's noise is white) and this.
    longest_noise: float = 1.0
    random_steps: int = 10_000  # control steps of all robots with random actions, before learning
    replay_capacity: int = 1_000_000
    # It begins with the episodes that the anchors are of (where there are anchors).
    replay_originals_episodes: bool = False
    grad_updates_per_step: int = 1  # per vector step of all robots
    batch_size: int = 256
    # Learning
    gamma: float = 0.99
    tau: float = 0.005
    actor_learning_rate: float = 3e-4
    critic_learning_rate: float = 3e-4
    temperature_learning_rate: float = 3e-5
    final_learning_rate_fraction: float = 1.0  # linear decay of actor's and critic's, over the run
    initial_temperature: float = 1.0
    target_entropy_per_action: float = -1.0
    # The temperature follows the entropy in states that are not recovered; in the others
    # consolidation decides how much noise there is.
    entropy_where_not_recovered: bool = False
    # Holding what already works
    anchor_batch_size: int = 0  # states of the original policy's own episodes in each update
    anchor_value_share: float = 0.0  # of mean |Q|: an anchor's weight where that is above 1
    actor_averaging: float = 0.0  # per update, of the parameters that are evaluated
    # Networks: the actor's (networks.ActorSettings), then the critics'
    hidden_sizes: tuple[int, ...] = (256, 256)
    activation: str = "relu"
    std: str = "exp"
    normalizes: bool = False
    critic_hidden_sizes: tuple[int, ...] | None = None  # None: the actor's
    critic_layer_norm: bool = False
    dropout_rate: float = 0.1  # in the trained actor while acting and learning, never in evaluation

    def __post_init__(self) -> None:
        _require_at_least_one(
            self, "num_envs", "grad_updates_per_step", "batch_size", "replay_capacity"
        )
        _require_shares(self, "actor_averaging")
        if self.replay_capacity > 10**9:  # twice as many are counted in 32 bits
            raise ValueError(f"replay_capacity must be at most 1e9, not {self.replay_capacity}")
        if self.replay_capacity < self.num_envs:
            raise ValueError(
                f"num_envs must be at most replay_capacity = {self.replay_capacity}, which holds a"
                f" step of all robots at least, not {self.num_envs}"
            )

    @property
    def split_numbers(self) -> dict[str, int]:
        """What devices share evenly."""
        names = ("num_envs", "batch_size", "replay_capacity")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class PPOConfig:
    """Settings of PPO with recovery reward and consolidation. Defaults are those of "fast".

    A rollout of `unroll_length` steps of `num_envs` robots is learned from `num_epochs` times, in
    `num_minibatches` updates each.
    """

    # Method (LaMOuR, table 3)
    aux_coef: float = 0.2
    consol_coef: float = 1.0
    # Collection
    num_envs: int = 64
    episode_length: int | None = None  # training's time limit in control steps; None: the task's
    falls_end: bool = True  # whether an episode of training ends where the robot falls
    unroll_length: int = 64
    # Learning
    num_epochs: int = 4
    num_minibatches: int = 8
    gamma: float = 0.99
    gae_lambda: float = 0.95
    clip_range: float = 0.2
    entropy_coef: float = 1e-3
    actor_learning_rate: float = 3e-4
    value_learning_rate: float = 1e-3
    final_learning_rate_fraction: float = 0.1  # linear decay of both, over the run
    max_grad_norm: float = 1.0
    # First rollouts that only the value learns from: the advantages of a value that knows nothing
    # would spoil a policy that works.
    value_warmup: int = 10
    # Holding what already works
    anchor_batch_size: int = 64  # states of the original policy's own episodes in each update
    # Networks: the actor's (networks.ActorSettings), then the value's
    hidden_sizes: tuple[int, ...] = (256, 256)
    activation: str = "relu"
    std: str = "exp"
    normalizes: bool = False
    critic_hidden_sizes: tuple[int, ...] | None = None  # None: the actor's
    value_layer_norm: bool = True

    def __post_init__(self) -> None:
        _require_at_least_one(self, "num_envs", "unroll_length", "num_epochs", "num_minibatches")
        _require_shares(self, "gamma", "gae_lambda")
        if (self.num_envs * self.unroll_length) % self.num_minibatches:
            raise ValueError(
                f"num_envs * unroll_length = {self.num_envs * self.unroll_length} steps do not"
                f" divide into num_minibatches = {self.num_minibatches}"
            )

    @property
    def updates_per_iteration(self) -> int:
        """Gradient updates from one rollout."""
        return self.num_epochs * self.num_minibatches

    @property
    def split_numbers(self) -> dict[str, int]:
        """What devices share evenly."""
        minibatch = self.num_envs * self.unroll_length // self.num_minibatches
        return {"num_envs": self.num_envs, "minibatch size": minibatch}


_SIZES = ("hidden_sizes", "critic_hidden_sizes")  # tuples, which JSON knows as lists

LearnerConfig = SACConfig | PPOConfig
LEARNERS: dict[str, type[SACConfig] | type[PPOConfig]] = {"sac": SACConfig, "ppo": PPOConfig}


@dataclass(frozen=True)
class TrainConfig:
    """Settings of a run, whatever the algorithm.

    Attributes:
      num_updates: gradient updates in all; the published curves' "training steps".
      eval_every: updates between evaluations; a policy is saved at each.
      eval_episodes: episodes of an evaluation during training.
      final_eval_episodes: episodes of the one that counts, after training.
      checkpoint_minutes: time between full states, which a resumed run starts from.
      seed: of everything random.
    """

    num_updates: int = 1_000_000
    eval_every: int = 5_000
    eval_episodes: int = 32
    final_eval_episodes: int = 64
    checkpoint_minutes: float = 0.5
    seed: int = 1

    def __post_init__(self) -> None:
        _require_at_least_one(
            self, "num_updates", "eval_every", "eval_episodes", "final_eval_episodes"
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
# A running HalfCheetah's values, over a thousand, are all that critics learn while their replay is
# full of them: how fallen poses differ, by ten, comes late.
_FAST_ROBOTS: dict[str, dict[str, Any]] = {
    "ant": {
        "temperature_learning_rate": 3e-5,
        "tau": 0.05,
        "longest_noise": 16.0,
        "falls_end": False,
    },
    "half_cheetah": {"replay_originals_episodes": False},
    "walker2d": {
        "replay_originals_episodes": False,
        "target_entropy_per_action": -1.0,
        "longest_noise": 1.0,
    },
    # The chair has to arrive after it was set upright: all of the 400 steps may be needed.
    "push_chair": {"episode_length": None},
}

# Thousands of robots, for accelerators, which take about as long for an update of 1024 as of 128.
_SCALE: dict[str, Any] = {
    **_FAST,
    "num_envs": 2048,
    "batch_size": 1024,
    "anchor_batch_size": 256,  # the same share of a batch
    "replay_capacity": 2_000_000,
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
_PRETRAIN_ROBOTS: dict[str, dict[str, Any]] = {"push_chair": {"num_envs": 32, "batch_size": 256}}

PRESETS: dict[str, dict[str, Any]] = {"paper": {}, "fast": _FAST, "scale": _SCALE}

# Thousands of robots on an accelerator: short rollouts, large batches.
_PPO_SCALE: dict[str, Any] = {
    "num_envs": 2048,
    "unroll_length": 32,
    "num_minibatches": 32,
}

_SHARED = ("aux_coef", "consol_coef", "gamma")  # published settings that PPO has, too

PPO_PRESETS: dict[str, dict[str, Any]] = {"fast": {}, "scale": _PPO_SCALE}


def sac_config(robot: str, preset: str, *, method: str = "lamour", **overrides: Any) -> SACConfig:
    """Settings of `preset` for `robot` and `method`; overrides that are None are ignored.

    Raises:
      ValueError: an unknown preset or a setting out of range.
    """
    chosen = {**_published(robot, method), **_preset(PRESETS, preset)}
    if preset != "paper":
        chosen |= _FAST_ROBOTS.get(robot, {})
    return SACConfig(**{**chosen, **_given(overrides)})


def ppo_config(robot: str, preset: str, *, method: str = "lamour", **overrides: Any) -> PPOConfig:
    """As `sac_config`, for PPO."""
    published = _published(robot, method)
    shared = {name: value for name, value in published.items() if name in _SHARED}
    return PPOConfig(**{**shared, **_preset(PPO_PRESETS, preset), **_given(overrides)})


def learner_config(
    learner: str, robot: str, preset: str, *, method: str = "lamour", **overrides: Any
) -> LearnerConfig:
    """Settings of `preset` for `learner`, `robot` and `method`; overrides that are None are
    ignored.

    Raises:
      ValueError: an unknown learner or preset, or a setting out of range.
    """
    if learner not in LEARNERS:
        raise ValueError(f"unknown learner {learner!r}: choose one of {', '.join(LEARNERS)}")
    make = ppo_config if learner == "ppo" else sac_config
    return make(robot, preset, method=method, **overrides)


def stored_learner(config: dict[str, Any]) -> LearnerConfig:
    """The learner's settings in a run's config.json; runs from before there was a choice are
    SAC's.

    Raises:
      UserError: another version of this package made the run, with settings unknown here.
    """
    learner = config.get("learner", "sac")
    values = config[learner]
    unknown = set(values) - {field.name for field in dataclasses.fields(LEARNERS[learner])}
    if unknown:
        raise UserError(
            f"the run was made by another version of lamour_jax, with {', '.join(sorted(unknown))},"
            " which this one does not know: continue it with that version, or start anew"
        )
    sizes = {name: tuple(values[name]) for name in _SIZES if values.get(name) is not None}
    return LEARNERS[learner](**{**values, **sizes})


def stored_actor(config: dict[str, Any]) -> dict[str, str]:
    """What a run's config.json says of its actor that its parameters do not show."""
    values = config.get(config.get("learner", "sac"), {})
    return {name: values[name] for name in ("activation", "std") if name in values}


def _published(robot: str, method: str) -> dict[str, Any]:
    differing = PUBLISHED_BASELINES.get(method, {})
    return {**PUBLISHED.get(robot, {}), **differing.get(robot, {})}


def _preset(presets: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    if name not in presets:
        raise ValueError(f"unknown preset {name!r}: choose one of {', '.join(presets)}")
    return presets[name]


def _given(overrides: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in overrides.items() if value is not None}


# Updates after which each robot has recovered with "fast"; a robot that is not known here gets the
# usual ones.
FAST_UPDATES = {
    "ant": 200_000,
    "half_cheetah": 60_000,
    "hopper": 30_000,
    "humanoid": 250_000,
    "walker2d": 60_000,
    "push_chair": 60_000,  # not measured yet
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
    return min(max(num_updates // 20, 1_000), TrainConfig.eval_every)


def pretrain_config(robot: str) -> SACConfig:
    """Settings for training an original policy of `robot` from scratch."""
    own = {**PUBLISHED.get(robot, {}), **_PRETRAIN, **_PRETRAIN_ROBOTS.get(robot, {})}
    return SACConfig(**own)


def to_json(config: LearnerConfig | TrainConfig) -> dict[str, Any]:
    """A settings object as plain data."""
    plain = dataclasses.asdict(config)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}


def _require_at_least_one(settings: Any, *names: str) -> None:
    for name in names:
        if getattr(settings, name) < 1:
            raise ValueError(f"{name} must be at least 1, not {getattr(settings, name)}")


def _require_shares(settings: Any, *names: str) -> None:
    for name in names:
        if not 0.0 <= getattr(settings, name) <= 1.0:
            raise ValueError(f"{name} must lie between 0 and 1, not {getattr(settings, name)}")
