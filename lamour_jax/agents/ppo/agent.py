"""PPO as an `Agent`: collect steps of all robots, learn from them several times, drop them."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
from flax import struct

from envs.wrappers import WHOLE, VectorEnv, VectorState
from lamour_jax.agents.ppo.learner import Learner, LearnerState
from lamour_jax.anchors import Anchors, draw_anchors, gather_anchors
from lamour_jax.config import PPOConfig
from lamour_jax.devices import deal, shards_of
from lamour_jax.fitting import fit_actor
from lamour_jax.recovery import RecoveryRule
from lamour_jax.rollout import Rollout, collect, random_actions
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
    ppo = _PPO(
        config=config,
        env=env,
        rule=rule,
        learner=Learner(config, env.env.observation_size, env.env.action_size, num_updates),
        from_original=from_original,
        num_shards=num_shards or shards_of(env.mesh),
    )
    return Agent(
        init=ppo.init,
        begin_epoch=lambda state: state.replace(robots=env.refresh_pool(state.robots)),
        iterate=ppo.iterate,
        actor_params=lambda state: state.learner.learner.actor,
        updates_per_iteration=config.updates_per_iteration,
        env_steps=ppo.env_steps,
        partition=TrainState(learner=WHOLE, robots=env.partition, key=WHOLE, updates=WHOLE),
    )


@dataclass(frozen=True)
class _PPO:
    """The agent's functions, and what they share."""

    config: PPOConfig
    env: VectorEnv
    rule: RecoveryRule
    learner: Learner
    from_original: bool
    num_shards: int

    def init(self, key: jax.Array, original: Params | None) -> TrainState:
        """Robots at their starts."""
        key, robots_key, learner_key, anchors_key, fit_key = jax.random.split(key, 5)
        anchors, _ = gather_anchors(self.config, self.env, self.rule, original, anchors_key)
        robots = self.env.reset(robots_key)
        start = original if self.from_original else None
        if self.config.fresh_actor and anchors is not None:
            start = self._fitted(original, anchors, robots, fit_key)
        return TrainState(
            learner=PPOState(self.learner.init(learner_key, start), anchors),
            robots=robots,
            key=key,
            updates=jnp.zeros((), jnp.int32),
        )

    def iterate(self, state: TrainState, original: Params | None) -> tuple[TrainState, Metrics]:
        """`unroll_length` steps of all robots, and all updates from them."""
        key, act_key, order_key, anchor_key, update_key = jax.random.split(state.key, 5)
        state, rollout = self._explore(state, act_key)
        learner_state, data = self.learner.digest(state.learner.learner, rollout, original)
        dealt = jax.tree.map(lambda x: deal(x, self.num_shards), data)
        updates = self.config.updates_per_iteration
        anchors = draw_anchors(
            self.config, state.learner.anchors, anchor_key, updates, self.env.mesh
        )

        def update(learner_state: LearnerState, inputs):
            rows, anchors, key = inputs
            batch = jax.tree.map(partial(_take, rows), dealt)
            return self.learner.update(learner_state, batch, key, anchors)

        orders = _orders(self.config, self.num_shards, order_key)
        learner_state, update_metrics = jax.lax.scan(
            update, learner_state, (orders, anchors, jax.random.split(update_key, updates))
        )
        state = state.replace(
            learner=state.learner.replace(learner=learner_state),
            key=key,
            updates=state.updates + updates,
        )
        metrics = {**rollout.metrics, **jax.tree.map(jnp.mean, update_metrics)}
        return state, {**metrics, "train/return_scale": learner_state.return_scale}

    def env_steps(self, updates: int) -> int:
        """Control steps of all robots by the time of so many updates."""
        iterations = updates // self.config.updates_per_iteration
        return iterations * self.config.unroll_length * self.env.num_envs

    def _fitted(
        self, original: Params | None, anchors: Anchors, robots: VectorState, key: jax.Array
    ) -> Params:
        """A fresh actor, fitted to the original policy; the robots' random steps are its other
        states."""
        seen_key, fit_key = jax.random.split(key)
        random, length = random_actions(self.env.env.action_size), self.config.unroll_length
        _, rollout = collect(self.env, self.rule, random, robots, seen_key, length)
        seen = rollout.transitions.obs.reshape(-1, self.env.env.observation_size)
        return fit_actor(self.learner.actor, original, anchors, seen, fit_key)

    def _explore(self, state: TrainState, key: jax.Array) -> tuple[TrainState, Rollout]:
        """Steps of all robots by the policy."""
        actor = state.learner.learner.actor
        robots, rollout = collect(
            self.env,
            self.rule,
            lambda obs, key: self.learner.act(actor, obs, key),
            state.robots,
            key,
            self.config.unroll_length,
        )
        return state.replace(robots=robots), rollout


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
