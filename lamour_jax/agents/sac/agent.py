"""SAC as an `Agent`: collect a step of all robots, store it, update from replay."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax import struct

from envs.wrappers import SPLIT, WHOLE, VectorEnv
from lamour_jax.agents.sac.learner import Learner, LearnerState
from lamour_jax.anchors import Anchors, draw_anchors, gather_anchors
from lamour_jax.config import SACConfig
from lamour_jax.demonstrations import Demonstrations, relive
from lamour_jax.devices import draw_rows, shards_of
from lamour_jax.endings import SECONDS, Endings, EndingsState
from lamour_jax.fitting import fit_actor
from lamour_jax.recovery import RecoveryRule
from lamour_jax.replay import Replay, ReplayState, make_replay
from lamour_jax.rollout import Act, Rollout, blank_transition, collect, random_actions
from lamour_jax.types import Agent, Metrics, Params, TrainState, Transition


class SACState(struct.PyTreeNode):
    """What SAC carries: learner, replay; its endings, anchors and planned steps [K, ...] where the
    settings ask for them; and the noise of exploration [N, A], standard normal."""

    learner: LearnerState
    replay: ReplayState
    endings: EndingsState | None
    anchors: Anchors | None
    planned: Transition | None
    noise: jax.Array


def make_sac(
    config: SACConfig,
    env: VectorEnv,
    rule: RecoveryRule,
    num_updates: int,
    *,
    demonstrations: Demonstrations | None = None,
    from_original: bool = True,
    num_shards: int | None = None,
) -> Agent:
    """Builds the agent.

    Args:
      config: settings.
      env: the robots.
      rule: which reward counts where.
      num_updates: the run's length, for schedules.
      demonstrations: planned steps, of which the settings may ask for a part of each batch.
      from_original: start the actor from the original policy (fine-tuning), else afresh.
      num_shards: rings of the replay; by default as many as devices share the robots.
    """
    obs_size, action_size = env.env.observation_size, env.env.action_size
    if not config.planned_batch_size:
        demonstrations = None
    num_planned = 0 if demonstrations is None else config.planned_batch_size
    num_shards = num_shards or shards_of(env.mesh)
    sac = _SAC(
        config=config,
        env=env,
        rule=rule,
        learner=Learner(config, obs_size, action_size, num_updates, num_planned),
        replay=make_replay(
            blank_transition(obs_size, action_size),
            config.replay_capacity,
            num_shards,
        ),
        endings=_make_endings(config, env, num_shards),
        demonstrations=demonstrations,
        from_original=from_original,
    )
    return Agent(
        init=sac.init,
        begin_epoch=lambda state: state.replace(robots=env.refresh_pool(state.robots)),
        iterate=sac.iterate,
        actor_params=lambda state: state.learner.learner.averaged_actor,
        updates_per_iteration=config.grad_updates_per_step,
        env_steps=sac.env_steps,
        partition=TrainState(
            learner=SACState(
                learner=WHOLE,
                replay=ReplayState(rows=SPLIT, inserted=SPLIT),
                endings=SPLIT,
                anchors=WHOLE,
                planned=WHOLE,
                noise=SPLIT,
            ),
            robots=env.partition,
            key=WHOLE,
            updates=WHOLE,
        ),
    )


@dataclass(frozen=True)
class _SAC:
    """The agent's functions, and what they share."""

    config: SACConfig
    env: VectorEnv
    rule: RecoveryRule
    learner: Learner
    replay: Replay
    endings: Endings | None
    demonstrations: Demonstrations | None
    from_original: bool

    def init(self, key: jax.Array, original: Params | None) -> TrainState:
        """Robots at their starts, and a replay of random steps and of what the settings add."""
        key, robots_key, learner_key, prefill_key, anchors_key, noise_key = jax.random.split(key, 6)
        start = original if self.from_original else None
        anchors, episodes = gather_anchors(self.config, self.env, self.rule, original, anchors_key)
        stored = self.replay.init()
        if episodes is not None and self.config.replay_originals_episodes:
            stored = self.replay.insert(stored, episodes.transitions, episodes.valid)
        planned = None
        if self.demonstrations is not None:
            planned = relive(self.demonstrations, self.env.env, self.rule)
        noise = jax.random.normal(noise_key, (self.env.num_envs, self.env.env.action_size))
        learner = self.learner.init(learner_key, start)
        state = TrainState(
            learner=SACState(
                learner=learner,
                replay=stored,
                endings=None if self.endings is None else self.endings.init(),
                anchors=anchors,
                planned=planned,
                noise=noise,
            ),
            robots=self.env.reset(robots_key),
            key=key,
            updates=jnp.zeros((), jnp.int32),
        )
        random = random_actions(self.env.env.action_size)

        def random_step(state: TrainState, key: jax.Array):
            state, rollout = self._step(state, random, key)
            return state, rollout.transitions.obs

        keys = jax.random.split(prefill_key, self._random_steps)
        state, seen = jax.lax.scan(random_step, state, keys)
        seen = seen.reshape(-1, seen.shape[-1])
        learner = state.learner.learner
        if anchors is not None:
            if self.config.fresh_actor:
                fitted = fit_actor(self.learner.actor, original, anchors, seen, learner_key)
                learner = self.learner.with_actor(learner, fitted)
            seen = jnp.concatenate([seen, anchors.obs])
        learner = self.learner.with_normalizer(learner, seen)
        return state.replace(learner=state.learner.replace(learner=learner))

    def iterate(self, state: TrainState, original: Params | None) -> tuple[TrainState, Metrics]:
        """One step of all robots, and the updates that it brings."""
        key, act_key, noise_key, sample_key, anchor_key, update_key = jax.random.split(state.key, 6)
        state, rollout = self._explore(state, act_key, noise_key)
        updates = self.config.grad_updates_per_step
        batches = self._batches(state, sample_key)
        anchors = draw_anchors(
            self.config, state.learner.anchors, anchor_key, updates, self.env.mesh
        )

        def update(learner_state: LearnerState, inputs):
            batch, anchors, key = inputs
            return self.learner.update(learner_state, batch, original, key, anchors)

        learner_state, update_metrics = jax.lax.scan(
            update, state.learner.learner, (batches, anchors, jax.random.split(update_key, updates))
        )
        state = state.replace(
            learner=state.learner.replace(learner=learner_state),
            key=key,
            updates=state.updates + updates,
        )
        return state, {**rollout.metrics, **jax.tree.map(jnp.mean, update_metrics)}

    def _batches(self, state: TrainState, key: jax.Array) -> Transition:
        """Transitions [updates, config.batch_size, ...]: of the whole replay, of before its
        endings, and planned ones at the end."""
        learner, updates = state.learner, self.config.grad_updates_per_step
        any_key, ending_key, planned_key = jax.random.split(key, 3)
        parts, size = [], self.config.batch_size
        if self.endings is not None:
            count = self.config.ending_batch_size
            slots = self.endings.draw(
                learner.endings, learner.replay, ending_key, (updates, count), self._time(state)
            )
            parts.append(self.replay.fetch(learner.replay, slots))
            size -= count
        if learner.planned is not None:
            count = self.config.planned_batch_size
            parts.append(draw_rows(learner.planned, planned_key, (updates, count), self.env.mesh))
            size -= count
        if size:
            parts.insert(0, self.replay.sample(learner.replay, any_key, (updates, size)))
        return jax.tree.map(lambda *parts: jnp.concatenate(parts, axis=1), *parts)

    def _time(self, state: TrainState) -> jax.Array:
        """Vector steps since learning began: []."""
        return state.updates // self.config.grad_updates_per_step

    def env_steps(self, updates: int) -> int:
        """Control steps of all robots by the time of so many updates."""
        steps = self._random_steps + updates // self.config.grad_updates_per_step
        return steps * self.env.num_envs

    @property
    def _random_steps(self) -> int:
        """Of each robot, before learning."""
        return max(1, -(-self.config.random_steps // self.env.num_envs))

    def _explore(
        self, state: TrainState, act_key: jax.Array, noise_key: jax.Array
    ) -> tuple[TrainState, Rollout]:
        """A step by the policy, with noise that goes on from the last one's."""
        persist = _persistence(self.env.num_envs, self.config.longest_noise)
        noise = persist * state.learner.noise
        noise += jnp.sqrt(1.0 - persist**2) * jax.random.normal(noise_key, noise.shape)
        state = state.replace(learner=state.learner.replace(noise=noise))
        actor, before = state.learner.learner.actor, state.learner.replay
        state, rollout = self._step(
            state, lambda obs, key: (self.learner.act(actor, obs, noise, key), None), act_key
        )
        if self.endings is None:
            return state, rollout
        endings = self.endings.record(
            state.learner.endings,
            self.replay.slots(before, rollout.valid),
            rollout.valid
            & (rollout.transitions.discount == 0.0)
            & self.learner.is_late(state.updates),
            self._time(state),
        )
        return state.replace(learner=state.learner.replace(endings=endings)), rollout

    def _step(self, state: TrainState, act: Act, key: jax.Array) -> tuple[TrainState, Rollout]:
        """A step of all robots, stored."""
        limit = self._limit(state.updates)
        robots, rollout = collect(self.env, self.rule, act, state.robots, key, 1, limit)
        stored = self.replay.insert(state.learner.replay, rollout.transitions, rollout.valid)
        learner = state.learner.replace(replay=stored)
        return state.replace(robots=robots, learner=learner), rollout

    def _limit(self, updates: jax.Array) -> jax.Array | None:
        """Control steps after which episodes are cut [N]; None where that never changes."""
        if self.config.whole_episodes_after == 1.0:
            return None
        whole = self.learner.is_late(updates) & (jnp.arange(self.env.num_envs) % 2 == 0)
        return jnp.where(whole, self.env.env.episode_length, self.env.episode_length)


def _make_endings(config: SACConfig, env: VectorEnv, num_shards: int) -> Endings | None:
    """What remembers endings in so many rings of the replay, where the settings ask for it."""
    if not config.ending_batch_size:
        return None
    return Endings(
        num_shards,
        size=config.replay_capacity // num_shards,
        stride=env.num_envs // num_shards,
        lookback=max(1, round(SECONDS / env.env.dt)),
    )


def _persistence(num_envs: int, longest: float) -> jax.Array:
    """How much of its noise each robot keeps from one control step to the next [N, 1].

    A joint's inertia averages out noise that changes at every step, so that a robot stuck in a
    pose never leaves it. Noise that lasts moves it (Eberhard et al., 2023, "Pink noise is all you
    need"). How long is best differs between robots and tasks: here it lasts from one step, white
    noise, with the first robot, to `longest` with the last, in equal ratios.
    """
    steps = jnp.geomspace(1.0, longest, num_envs)[:, None]
    return 1.0 - 1.0 / steps
