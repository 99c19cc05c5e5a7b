"""`RecoveryEnv`: brax's `Env` interface for a robot that may begin out of distribution.

Normal episodes and those from out-of-distribution (OOD) states, the published one or a battery of
fallen poses, are one class with another start. The rules of a recovery episode (LaMOuR, section 5):
the reward is zero while the robot is unhealthy, and an unhealthy state ends the episode only after
a healthy one was reached in it. From a normal start, which is healthy, these are the rules of the
original task.

Most tasks last: to be healthy to the time limit is to succeed. A task with an end says when it is
accomplished (`is_accomplished`), which ends the episode as well, and may bear more than an
unhealthy state before it is lost (`is_lost`).
"""

import abc
import copy
from typing import ClassVar

import envs.physics.quiet_mjx  # noqa: F401  # isort: skip

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
from brax.envs.base import Env, State
from flax import struct

from envs import descriptions
from envs.battery import has_battery, load_battery
from envs.descriptions import Description
from envs.looks import Look, look_of
from envs.physics import ENGINES, Engine, PhysicsState, SolverLimits, make_engine
from envs.starts import (
    NEAR_RECOVERED,
    Mixture,
    PoseStart,
    StartDistribution,
    load_poses,
    poses_file,
)

STARTS = ("normal", "ood", "battery")


class EpisodeState(struct.PyTreeNode):
    """What an episode carries from step to step.

    The latch lives beside the physics, in brax's `pipeline_state`, because brax's auto-reset
    restores that and the observation only: kept elsewhere it would leak into the next episode.

    Attributes:
      physics: the simulation.
      was_healthy: [] bool, whether this episode reached a healthy state.
    """

    physics: PhysicsState
    was_healthy: jax.Array


@struct.dataclass
class RecoveryState(State):
    """brax's environment state with the flags of recovery spelled out.

    Attributes:
      reward_inputs: [D] what reward code sees of the state.
      task_reward: [] the original task's reward, paid in unhealthy states too.
      healthy: [] bool, the environment's own rule.
      terminated: [] bool, the episode is over by the rules (never by time).
      valid: [] bool, false where the simulation blew up; such a state is over, too, and must
        reach neither learning nor statistics.
    """

    reward_inputs: jax.Array = struct.field(default=None)
    task_reward: jax.Array = struct.field(default=None)
    healthy: jax.Array = struct.field(default=None)
    terminated: jax.Array = struct.field(default=None)
    valid: jax.Array = struct.field(default=None)


class RecoveryEnv(Env):
    """A robot, its original task, and the state that its policy never saw.

    Subclasses set the class attributes and say how to build the model, observe, judge health and
    reward a step. All methods work on one robot; `jax.vmap` makes a batch.

    Class attributes:
      name: a short name, in files and for people.
      original_task: in words, such as "Run forward."
      num_substeps: physics steps per control step.
      mjx_limits: the solver's iterations on MJX and Warp.
      episode_length: control steps.
      ood_qpos: [nq] the published state, where there is one.
      pool_size: how many starts training keeps ready, and draws anew every epoch.
      engines: the physics engines that it can run on.

    Args:
      start: "normal", "ood" or "battery".
      engine: "auto", "native", "mjx" or "warp".
      evaluation: give a start without noise the evaluation's, and take the battery's poses that
        training never sees.

    Raises:
      ValueError: an unknown start, a robot without a battery, or an engine that is unknown or
        cannot run here.
    """

    name: ClassVar[str]
    original_task: ClassVar[str]
    num_substeps: ClassVar[int]
    mjx_limits: ClassVar[SolverLimits] = SolverLimits(iterations=8, ls_iterations=16)
    episode_length: int = 1000  # control steps
    normal_episode_length: ClassVar[int | None] = None  # from normal starts, where it is another
    has_end: ClassVar[bool] = False  # whether `is_accomplished` is what counts as success
    pool_size: ClassVar[int] = 256
    ood_qpos: ClassVar[np.ndarray]
    engines: ClassVar[tuple[str, ...]] = ENGINES

    def __init__(
        self,
        start: str = "ood",
        engine: str = "auto",
        *,
        evaluation: bool = False,
    ):
        if start not in STARTS:
            raise ValueError(f"unknown start {start!r}: choose one of {', '.join(STARTS)}")
        self.model, self.engine = self._build(engine)
        self._begin_at(start, self._starts(start, evaluation))

    def _build(self, engine: str) -> tuple[mujoco.MjModel, Engine]:
        model = self.build_spec().compile()
        made = make_engine(
            engine, model, num_substeps=self.num_substeps, mjx_limits=self.mjx_limits
        )
        return model, made

    @classmethod
    def starts(cls) -> tuple[str, ...]:
        """The kinds of start that it has: a battery where one ships or the class makes its own."""
        own = cls.battery_start is not RecoveryEnv.battery_start
        return STARTS if own or has_battery(cls.name) else ("normal", "ood")

    @classmethod
    def fingerprint(cls) -> bytes | None:
        """What decides how it behaves, beside the sources of this package: results that are kept
        for later depend on it. None where nobody knows, and nothing is kept: a class from
        elsewhere may rest on any file."""
        return b"" if cls.__module__.split(".")[0] == "envs" else None

    def _begin_at(self, start_name: str, start: StartDistribution) -> None:
        self.start_name, self.start = start_name, start
        if start_name == "normal" and self.normal_episode_length is not None:
            self.episode_length = self.normal_episode_length

    def _starts(self, name: str, evaluation: bool) -> StartDistribution:
        if name == "battery":
            return self.battery_start(evaluation=evaluation)
        start = self.normal_start() if name == "normal" else self.ood_start()
        return start.for_evaluation() if evaluation else start

    def with_normal_start(self) -> "RecoveryEnv":
        """The same robot on its original task; both share the engine."""
        twin = copy.copy(self)
        twin._begin_at("normal", self.normal_start())
        return twin

    def with_more_starts(self, other: StartDistribution, share: float) -> "RecoveryEnv":
        """The same robot, whose episodes begin in states of `other` at that share; both share the
        engine."""
        twin = copy.copy(self)
        twin.start = Mixture(self.start, other, share)
        return twin

    @classmethod
    @abc.abstractmethod
    def build_spec(cls) -> mujoco.MjSpec:
        """The robot's model, edited as its policies need it."""

    @abc.abstractmethod
    def normal_start(self) -> PoseStart:
        """Where the original task begins."""

    @abc.abstractmethod
    def ood_start(self) -> PoseStart:
        """The out-of-distribution start: the published one, or the one to recover from."""

    def battery_start(self, *, evaluation: bool) -> StartDistribution:
        """The battery of fallen poses: those for evaluation, or those to train on.

        Raises:
          ValueError: none ships for this robot.
        """
        return load_battery(self.name, evaluation=evaluation)

    def near_recovered_start(self) -> StartDistribution | None:
        """States on the way back, where training may begin episodes, too: those that ship; None
        where there are none."""
        file = poses_file(NEAR_RECOVERED, self.name)
        return load_poses(file) if file.is_file() else None

    @abc.abstractmethod
    def observe(self, physics: PhysicsState) -> jax.Array:
        """The policy's observation [obs_size]."""

    @abc.abstractmethod
    def is_healthy(self, physics: PhysicsState) -> jax.Array:
        """Whether the original task can be done from here: [] bool."""

    def is_lost(self, physics: PhysicsState) -> jax.Array:
        """Whether the task is over here, once a healthy state was reached: [] bool; every unhealthy
        state by default."""
        return ~self.is_healthy(physics)

    def is_accomplished(self, physics: PhysicsState) -> jax.Array:
        """Whether a task with an end (`has_end`) is done here: [] bool. It counts, and ends the
        episode, once a healthy state was reached."""
        return jnp.zeros((), bool)

    @abc.abstractmethod
    def compute_task_reward(
        self, before: PhysicsState, after: PhysicsState, action: jax.Array
    ) -> jax.Array:
        """The original task's reward for one control step: []."""

    def reward_inputs(self, physics: PhysicsState) -> jax.Array:
        """The state vector [D] that the LVLM was told about; the observation by default."""
        return self.observe(physics)

    @property
    def rewards_see_observations(self) -> bool:
        """Whether `reward_inputs` are the observation."""
        return type(self).reward_inputs is RecoveryEnv.reward_inputs

    def to_ctrl(self, action: jax.Array) -> jax.Array:
        """The model's controls [nu] for an action in [-1, 1]; the same numbers by default."""
        return action

    def is_finite(self, physics: PhysicsState) -> jax.Array:
        """Whether the simulation is sound: [] bool."""
        leaves = [jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(physics)]
        return jnp.all(jnp.stack(leaves))

    @property
    def look(self) -> Look:
        """How it is shown in pictures."""
        return look_of(self.name)

    @property
    def description(self) -> Description:
        """What the LVLM is told; written from the model where no text ships."""
        if self.name in descriptions.names():
            return descriptions.load(self.name)
        from envs.descriptions.generated import describe

        return describe(self)

    def probe(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A state in which no two numbers are alike, (qpos [nq], qvel [nv], reward_inputs [D]): it
        shows which entries of the last are joints'."""
        rng = np.random.default_rng(1)
        qpos, qvel = rng.uniform(-0.5, 0.5, self.model.nq), rng.uniform(-0.5, 0.5, self.model.nv)
        physics = self.engine.init(jnp.asarray(qpos, jnp.float32), jnp.asarray(qvel, jnp.float32))
        inputs = np.asarray(self.reward_inputs(physics))
        return np.asarray(physics.qpos), np.asarray(physics.qvel), inputs

    @property
    def dt(self) -> float:
        """Seconds per control step."""
        return self.model.opt.timestep * self.num_substeps

    @property
    def observation_size(self) -> int:
        return int(jax.eval_shape(self.reset, jax.random.key(0)).obs.shape[-1])

    @property
    def reward_input_size(self) -> int:
        """Length of the state vector that reward code sees."""
        return int(jax.eval_shape(self.reset, jax.random.key(0)).reward_inputs.shape[-1])

    @property
    def action_size(self) -> int:
        return self.model.nu

    @property
    def backend(self) -> str:
        return self.engine.name

    def draw_starts(self, key: jax.Array, count: int) -> tuple[jax.Array, jax.Array]:
        """Draws (qpos [count, nq], qvel [count, nv]) to evaluate from: of stored poses no two are
        alike as long as there are enough."""
        return self.start.sample_batch(key, count, self.model.nv)

    def reset(self, rng: jax.Array) -> RecoveryState:
        """Begins an episode at a fresh start (`rng`: a key; the name is brax's)."""
        qpos, qvel = self.start.sample(rng, self.model.nv)
        return self.reset_to(qpos, qvel)

    def reset_to(self, qpos: jax.Array, qvel: jax.Array) -> RecoveryState:
        """Begins an episode at qpos [nq], qvel [nv]."""
        return self._begun(self.engine.init(qpos, qvel))

    def _begun(self, physics: PhysicsState) -> RecoveryState:
        healthy = self.is_healthy(physics)
        zero = jnp.zeros(())
        return RecoveryState(
            pipeline_state=EpisodeState(physics, healthy),
            obs=self.observe(physics),
            reward=zero,
            done=zero,
            metrics={"healthy": healthy.astype(jnp.float32), "task_reward": zero},
            reward_inputs=self.reward_inputs(physics),
            task_reward=zero,
            healthy=healthy,
            terminated=jnp.zeros((), bool),
            valid=jnp.ones((), bool),
        )

    def step(self, state: RecoveryState, action: jax.Array) -> RecoveryState:
        """One control step with `action` [action_size], clipped to [-1, 1]."""
        action = jnp.clip(action, -1.0, 1.0)
        before = state.pipeline_state.physics
        after = self.engine.step(before, self.to_ctrl(action))
        valid = self.is_finite(after)
        # Keep a broken simulation's last good state: NaN would spread through masks and sums.
        after = jax.tree.map(lambda new, old: jnp.where(valid, new, old), after, before)
        was_healthy = state.pipeline_state.was_healthy
        healthy = self.is_healthy(after) & valid
        task_reward = jnp.where(valid, self.compute_task_reward(before, after, action), 0.0)
        over = self.is_lost(after) | self.is_accomplished(after)
        terminated = (was_healthy & over) | ~valid
        return state.replace(
            pipeline_state=EpisodeState(after, was_healthy | healthy),
            obs=self.observe(after),
            reward=jnp.where(healthy, task_reward, 0.0),
            done=terminated.astype(jnp.float32),
            metrics={
                **state.metrics,  # wrappers add their own
                "healthy": healthy.astype(jnp.float32),
                "task_reward": task_reward,
            },
            reward_inputs=self.reward_inputs(after),
            task_reward=task_reward,
            healthy=healthy,
            terminated=terminated,
            valid=valid,
        )
