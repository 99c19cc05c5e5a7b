"""PPO as an `Agent`: collect steps of all robots, learn from them several times, drop them."""

from functools import partial

import jax
import jax.numpy as jnp
from flax import struct

from envs.wrappers import WHOLE, VectorEnv
from lamour_jax.agents.ppo.learner import Learner, LearnerState
from lamour_jax.anchors import Anchors, draw_anchors, gather_anchors
from lamour_jax.config import PPOConfig
from lamour_jax.devices import deal, shards_of
from lamour_jax.recovery import RecoveryRule
from lamour_jax.rollout import collect
from lamour_jax.types import Agent, Metrics, Params, TrainState


class PPOState(struct.PyTreeNode):
    """What PPO carries: learner, and anchors where the settings ask for them."""

    learner: LearnerState
    anchors: Anchors | None


def make_ppo(
    config: PPOConfig,
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
      num_shards: parts of the robots that give the same share of every batch; by default as many
        as devices share the robots.
    """
    learner = Learner(config, env.env.observation_size, env.env.action_size, num_updates)
    steps, updates = config.unroll_length, config.updates_per_iteration
    num_shards = num_shards or shards_of(env.mesh)

    def init(key: jax.Array, original: Params | None) -> TrainState:
        key, robots_key, learner_key, anchors_key = jax.random.split(key, 4)
        anchors, _ = gather_anchors(config, env, rule, original, anchors_key)
        start = original if from_original else None
        return TrainState(
            learner=PPOState(learner.init(learner_key, start), anchors),
            robots=env.reset(robots_key),
            key=key,
            updates=jnp.zeros((), jnp.int32),
        )

    def iterate(state: TrainState, original: Params | None) -> tuple[TrainState, Metrics]:
        key, act_key, order_key, anchor_key, update_key = jax.random.split(state.key, 5)
        actor = state.learner.learner.actor
        robots, rollout = collect(
            env, rule, lambda obs, key: learner.act(actor, obs, key), state.robots, act_key, steps
        )
        learner_state, data = learner.digest(state.learner.learner, rollout, original)
        dealt = jax.tree.map(lambda x: deal(x, num_shards), data)
        anchors = draw_anchors(config, state.learner.anchors, anchor_key, updates)

        def update(learner_state: LearnerState, inputs):
            rows, anchors, key = inputs
            batch = jax.tree.map(partial(_take, rows), dealt)
            return learner.update(learner_state, batch, key, anchors)

        learner_state, update_metrics = jax.lax.scan(
            update,
            learner_state,
            (
                _orders(config, num_shards, order_key),
                anchors,
                jax.random.split(update_key, updates),
            ),
        )
        state = state.replace(
            learner=state.learner.replace(learner=learner_state),
            robots=robots,
            key=key,
            updates=state.updates + updates,
        )
        metrics = {**rollout.metrics, **jax.tree.map(jnp.mean, update_metrics)}
        return state, {**metrics, "train/return_scale": learner_state.return_scale}

    return Agent(
        init=init,
        begin_epoch=lambda state: state.replace(robots=env.refresh_pool(state.robots)),
        iterate=iterate,
        actor_params=lambda state: state.learner.learner.actor,
        updates_per_iteration=updates,
        env_steps=lambda count: count // updates * steps * env.num_envs,
        partition=TrainState(learner=WHOLE, robots=env.partition, key=WHOLE, updates=WHOLE),
    )


def _orders(config: PPOConfig, num_shards: int, key: jax.Array) -> jax.Array:
    """The rows of each update's batch in each of S shards [E * M, S, T * N / (M * S)]: every row
    once an epoch."""
    size = config.num_envs * config.unroll_length // num_shards
    keys = jax.random.split(key, (config.num_epochs, num_shards))
    orders = jax.vmap(jax.vmap(lambda key: jax.random.permutation(key, size)))(keys)
    batches = orders.reshape(config.num_epochs, num_shards, config.num_minibatches, -1)
    return jnp.swapaxes(batches, 1, 2).reshape(config.updates_per_iteration, num_shards, -1)


def _take(rows: jax.Array, dealt: jax.Array) -> jax.Array:
    """Rows [S, B / S] of data [S, R, ...] as a batch [B, ...]."""
    return jax.vmap(lambda part, places: part[places])(dealt, rows).reshape(-1, *dealt.shape[2:])
