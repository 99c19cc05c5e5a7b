"""SAC as an `Agent`: collect a step of all robots, store it, update from replay."""

import jax
import jax.numpy as jnp
from flax import struct

from envs.wrappers import SPLIT, WHOLE, VectorEnv
from lamour_jax.agents.sac.learner import Learner, LearnerState
from lamour_jax.anchors import Anchors, draw_anchors, gather_anchors
from lamour_jax.config import SACConfig
from lamour_jax.devices import shards_of
from lamour_jax.recovery import RecoveryRule
from lamour_jax.replay import ReplayState, make_replay
from lamour_jax.rollout import Act, blank_transition, collect, random_actions
from lamour_jax.types import Agent, Metrics, Params, TrainState


class SACState(struct.PyTreeNode):
    """What SAC carries: learner, replay, anchors where the settings ask for them, and the noise of
    exploration [N, A], standard normal."""

    learner: LearnerState
    replay: ReplayState
    anchors: Anchors | None
    noise: jax.Array


def make_sac(
    config: SACConfig,
    env: VectorEnv,
    rule: RecoveryRule,
    num_updates: int,
    *,
    from_original: bool = True,
    num_shards: int | None = None,
) -> Agent:
    """Builds the agent.

    Args:
      config: settings.
      env: the robots.
      rule: which reward counts where.
      num_updates: the run's length, for schedules.
      from_original: start the actor from the original policy (fine-tuning), else afresh.
      num_shards: rings of the replay; by default as many as devices share the robots.
    """
    obs_size, action_size = env.env.observation_size, env.env.action_size
    learner = Learner(config, obs_size, action_size, num_updates)
    replay = make_replay(
        blank_transition(obs_size, action_size),
        config.replay_capacity,
        num_shards or shards_of(env.mesh),
    )
    prefill_steps = max(1, -(-config.random_steps // env.num_envs))
    persist = _persistence(env.num_envs, config.longest_noise)

    def store(state: TrainState, act: Act, key: jax.Array, length: int):
        robots, rollout = collect(env, rule, act, state.robots, key, length)
        stored = replay.insert(state.learner.replay, rollout.transitions, rollout.valid)
        state = state.replace(
            robots=robots,
            learner=state.learner.replace(replay=stored),
        )
        return state, rollout.metrics

    def init(key: jax.Array, original: Params | None) -> TrainState:
        key, robots_key, learner_key, prefill_key, anchors_key, noise_key = jax.random.split(key, 6)
        start = original if from_original else None
        anchors, episodes = gather_anchors(config, env, rule, original, anchors_key)
        stored = replay.init()
        if episodes is not None and config.replay_originals_episodes:
            stored = replay.insert(stored, episodes.transitions, episodes.valid)
        noise = jax.random.normal(noise_key, (env.num_envs, action_size))
        state = TrainState(
            learner=SACState(learner.init(learner_key, start), stored, anchors, noise),
            robots=env.reset(robots_key),
            key=key,
            updates=jnp.zeros((), jnp.int32),
        )

        def random_step(state: TrainState, key: jax.Array):
            return store(state, random_actions(action_size), key, 1)[0], None

        keys = jax.random.split(prefill_key, prefill_steps)
        return jax.lax.scan(random_step, state, keys)[0]

    def iterate(state: TrainState, original: Params | None) -> tuple[TrainState, Metrics]:
        key, act_key, noise_key, sample_key, anchor_key, update_key = jax.random.split(state.key, 6)
        noise = persist * state.learner.noise
        noise += jnp.sqrt(1.0 - persist**2) * jax.random.normal(noise_key, noise.shape)
        state = state.replace(learner=state.learner.replace(noise=noise))
        actor = state.learner.learner.actor
        state, rollout_metrics = store(
            state, lambda obs, key: (learner.act(actor, obs, noise, key), None), act_key, 1
        )
        updates = config.grad_updates_per_step
        batches = replay.sample(state.learner.replay, sample_key, (updates, config.batch_size))
        anchors = draw_anchors(config, state.learner.anchors, anchor_key, updates)

        def update(learner_state: LearnerState, inputs):
            batch, anchors, key = inputs
            return learner.update(learner_state, batch, original, key, anchors)

        learner_state, update_metrics = jax.lax.scan(
            update, state.learner.learner, (batches, anchors, jax.random.split(update_key, updates))
        )
        state = state.replace(
            learner=state.learner.replace(learner=learner_state),
            key=key,
            updates=state.updates + updates,
        )
        return state, {**rollout_metrics, **jax.tree.map(jnp.mean, update_metrics)}

    return Agent(
        init=init,
        begin_epoch=lambda state: state.replace(robots=env.refresh_pool(state.robots)),
        iterate=iterate,
        actor_params=lambda state: state.learner.learner.averaged_actor,
        updates_per_iteration=config.grad_updates_per_step,
        env_steps=lambda count: (
            (prefill_steps + count // config.grad_updates_per_step) * env.num_envs
        ),
        partition=TrainState(
            learner=SACState(WHOLE, ReplayState(rows=SPLIT, inserted=SPLIT), WHOLE, SPLIT),
            robots=env.partition,
            key=WHOLE,
            updates=WHOLE,
        ),
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
