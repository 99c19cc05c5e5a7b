"""Settings: one flat object for each learner, and one for a run."""

import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping
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
    # Of the run: from then on every second robot's episodes are as long as the task's, the policy
    # is held at anchors no longer, and learning rates fall no further. 1: never.
    whole_episodes_after: float = 1.0
    # Of exploration, in control steps: between 1 (every robot's noise is white) and this.
    longest_noise: float = 1.0
    # Of episodes, which begin on the way back; for robots that such states ship for.
    near_recovered_share: float = 0.0
    random_steps: int = 10_000  # control steps of all robots with random actions, before learning
    replay_capacity: int = 1_000_000
    # It begins with the episodes that the anchors are of (where there are anchors).
    replay_originals_episodes: bool = False
    grad_updates_per_step: int = 1  # per vector step of all robots
    batch_size: int = 256
    # Of them, once some episodes are whole, from the last second before one ended by its rules.
    ending_batch_size: int = 0
    # Learning
    gamma: float = 0.99
    recovery_gamma: float | None = None  # of unhealthy next states; None: gamma
    tau: float = 0.005
    actor_learning_rate: float = 3e-4
    critic_learning_rate: float = 3e-4
    temperature_learning_rate: float = 3e-5
    # Linear decay of actor's and critic's, over the run or until some episodes are whole.
    final_learning_rate_fraction: float = 1.0
    initial_temperature: float = 1.0
    target_entropy_per_action: float = -1.0
    # The temperature follows the entropy in states that are not recovered; in the others
    # consolidation decides how much noise there is.
    entropy_where_not_recovered: bool = False
    # Holding what already works
    # The actor begins afresh, fitted to the original policy in its own episodes (those of anchors);
    # of its actions, those up to 0.95 in size are held. For a policy that is saturated elsewhere.
    fresh_actor: bool = False
    anchor_batch_size: int = 0  # states of the original policy's own episodes in each update
    anchor_value_share: float = 0.0  # of mean |Q|: an anchor's weight where that is above 1
    anchor_value_fade: float = 0.0  # of the run, over which that share falls to nothing; 0: never
    actor_averaging: float = 0.0  # per update, of the parameters that are evaluated
    # Learning from planned episodes (lamour_jax.demonstrations)
    planned_episodes: int = 0  # planned before learning; those that recover are learned from
    planned_batch_size: int = 0  # planned steps among the batch_size transitions of an update
    planned_start_share: float = 0.0  # of episodes, which begin where a planned one came through
    planned_value_share: float = 0.0  # of mean |Q|: the weight of acting as the planner did
    # Networks: the actor's (networks.ActorSettings), then the critics'
    hidden_sizes: tuple[int, ...] = (256, 256)
    activation: str = "relu"
    std: str = "exp"
    normalizes: bool = False
    critic_hidden_sizes: tuple[int, ...] | None = None  # None: the actor's
    critic_layer_norm: bool = False
    critic_normalizes: bool = False  # observations, by what is seen before learning
    dropout_rate: float = 0.1  # in the trained actor while acting and learning, never in evaluation

    def __post_init__(self) -> None:
        _require_at_least_one(
            self, "num_envs", "grad_updates_per_step", "batch_size", "replay_capacity"
        )
        _require_shares(
            self,
            "actor_averaging",
            "tau",
            "dropout_rate",
            "whole_episodes_after",
            "anchor_value_fade",
            "planned_start_share",
        )
        _require_not_negative(
            self,
            "planned_episodes",
            "planned_batch_size",
            "planned_value_share",
            "ending_batch_size",
            "temperature_learning_rate",
            "critic_learning_rate",
        )
        _require_common(self)
        if not self.initial_temperature > 0.0:
            raise ValueError(f"initial_temperature must be above 0, not {self.initial_temperature}")
        if self.longest_noise < 1.0:
            raise ValueError(f"longest_noise must be at least 1 step, not {self.longest_noise}")
        if self.planned_batch_size + self.ending_batch_size > self.batch_size:
            raise ValueError(
                f"planned_batch_size and ending_batch_size must be at most batch_size ="
                f" {self.batch_size} together, not {self.planned_batch_size} and"
                f" {self.ending_batch_size}"
            )
        if self.ending_batch_size and self.whole_episodes_after == 1.0:
            raise ValueError(
                f"ending_batch_size = {self.ending_batch_size} comes to nothing before episodes are"
                " whole: set whole_episodes_after below 1 as well"
            )
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
        names = (
            "num_envs",
            "batch_size",
            "planned_batch_size",
            "ending_batch_size",
            "anchor_batch_size",
            "replay_capacity",
        )
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
    # Of episodes, which begin on the way back; for robots that such states ship for.
    near_recovered_share: float = 0.0
    unroll_length: int = 64
    # Learning
    num_epochs: int = 4
    num_minibatches: int = 8
    gamma: float = 0.99
    recovery_gamma: float | None = None  # of unhealthy next states; None: gamma
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
    # The actor begins afresh, fitted to the original policy in its own episodes (those of anchors);
    # of its actions, those up to 0.95 in size are held. For a policy that is saturated elsewhere.
    fresh_actor: bool = False
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
        _require_shares(self, "gae_lambda")
        _require_not_negative(self, "clip_range", "value_learning_rate")
        _require_common(self)
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
        return {
            "num_envs": self.num_envs,
            "minibatch size": minibatch,
            "anchor_batch_size": self.anchor_batch_size,
        }


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


def to_json(config: LearnerConfig | TrainConfig) -> dict[str, Any]:
    """A settings object as plain data."""
    plain = dataclasses.asdict(config)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}


def checked_settings(kind: type[LearnerConfig], values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` by the types of the fields of `kind`: whole numbers for int, also where written as
    floats (5e5), tuples for lists.

    Raises:
      ValueError: a name that `kind` does not have, or a value of another type.
    """
    hints = typing.get_type_hints(kind)
    for name in values:
        if name not in hints:
            near = difflib.get_close_matches(name, hints, 3) or sorted(hints)
            raise ValueError(f"{kind.__name__} has no setting {name!r}: {', '.join(near)}?")
    return {name: _of_type(name, value, hints[name]) for name, value in values.items()}


def _of_type(name: str, value: Any, hint: Any) -> Any:
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for option in options:
        if type(value) is option:
            return value
        if option is float and type(value) is int:
            return float(value)
        if option is int and type(value) is float and value.is_integer():
            return int(value)
        if typing.get_origin(option) is tuple and isinstance(value, list | tuple):
            return tuple(_of_type(name, entry, int) for entry in value)
    kind = hint.__name__ if len(options) == 1 else str(hint)
    raise ValueError(f"{name} must be {kind.replace('tuple[int, ...]', 'list')}, not {value!r}")


def _require_common(settings: LearnerConfig) -> None:
    """What is asked of every learner."""
    _require_not_negative(
        settings, "aux_coef", "consol_coef", "anchor_batch_size", "actor_learning_rate"
    )
    _require_shares(settings, "gamma", "near_recovered_share")
    if settings.recovery_gamma is not None:
        _require_shares(settings, "recovery_gamma")
    if settings.fresh_actor and not settings.anchor_batch_size:
        raise ValueError(
            "fresh_actor is fitted to the original policy's own episodes, which there are with"
            " anchors: set anchor_batch_size above 0 as well"
        )
    if settings.episode_length is not None and settings.episode_length < 1:
        raise ValueError(f"episode_length must be at least 1, not {settings.episode_length}")


def _require_not_negative(settings: LearnerConfig, *names: str) -> None:
    for name in names:
        if not getattr(settings, name) >= 0:
            raise ValueError(f"{name} must not be negative, but is {getattr(settings, name)}")


def _require_at_least_one(settings: Any, *names: str) -> None:
    for name in names:
        if getattr(settings, name) < 1:
            raise ValueError(f"{name} must be at least 1, not {getattr(settings, name)}")


def _require_shares(settings: Any, *names: str) -> None:
    for name in names:
        if not 0.0 <= getattr(settings, name) <= 1.0:
            raise ValueError(f"{name} must lie between 0 and 1, not {getattr(settings, name)}")
