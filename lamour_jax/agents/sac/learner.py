"""Soft actor-critic with recovery reward and policy consolidation: one update on a page.

    L_actor = E[alpha * log pi(a|s) - min_i Q_i(s, a)] + consol_coef * E[recovered(s) * -log pi(a0|s)]
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import struct

from lamour_jax.agents.sac import losses
from lamour_jax.config import SACConfig
from lamour_jax.consolidation import consolidation_loss
from lamour_jax.networks import Actor, TwinCritic, log_prob_pre_tanh, sample_pre_tanh
from lamour_jax.recovery import total_reward
from lamour_jax.types import Metrics, Params, Transition


@struct.dataclass
class LearnerState:
    """Parameters and optimisers. `actor` is the trained policy."""

    actor: Params
    critic: Params
    target_critic: Params
    log_alpha: jax.Array
    actor_optimizer: optax.OptState
    critic_optimizer: optax.OptState
    alpha_optimizer: optax.OptState


class Learner(NamedTuple):
    """SAC's learning as pure functions.

    Attributes:
      init: (key, actor parameters to start from, or None for fresh ones) -> LearnerState.
      update: (state, batch [B, ...], original actor's parameters or None, key) -> (state, metrics).
      sample_action: (actor parameters, obs [..., O], key) -> action [..., A], as in training.
    """

    init: Callable[[jax.Array, Params | None], LearnerState]
    update: Callable[..., tuple[LearnerState, Metrics]]
    sample_action: Callable[[Params, jax.Array, jax.Array], jax.Array]


def make_learner(
    config: SACConfig, observation_size: int, action_size: int, total_updates: int
) -> Learner:
    """Builds the learner; `total_updates` is the length of the learning rates' schedules."""
    actor = Actor(action_size, config.hidden_sizes, config.dropout_rate)
    frozen_actor = Actor(action_size, config.hidden_sizes)
    critic = TwinCritic(config.hidden_sizes, config.critic_layer_norm)
    target_entropy = config.target_entropy_per_action * action_size

    def adam(learning_rate: float) -> optax.GradientTransformation:
        final = config.final_learning_rate_fraction * learning_rate
        return optax.adam(optax.linear_schedule(learning_rate, final, total_updates))

    actor_tx, critic_tx = adam(config.actor_learning_rate), adam(config.critic_learning_rate)
    alpha_tx = optax.adam(config.temperature_learning_rate)

    def apply_actor(params: Params, obs: jax.Array, key: jax.Array):
        return actor.apply(params, obs, not config.dropout_rate, rngs={"dropout": key})

    def sample(params: Params, obs: jax.Array, key: jax.Array) -> tuple[jax.Array, jax.Array]:
        dropout_key, sample_key = jax.random.split(key)
        mean, log_std = apply_actor(params, obs, dropout_key)
        pre_tanh = sample_pre_tanh(mean, log_std, sample_key)
        return jnp.tanh(pre_tanh), log_prob_pre_tanh(mean, log_std, pre_tanh)

    def init(key: jax.Array, start: Params | None) -> LearnerState:
        actor_key, critic_key = jax.random.split(key)
        obs, action = jnp.zeros((1, observation_size)), jnp.zeros((1, action_size))
        # Copies, since a training epoch donates its state and the original stays in use.
        fresh = actor.init(actor_key, obs) if start is None else jax.tree.map(jnp.copy, start)
        critic_params = critic.init(critic_key, obs, action)
        log_alpha = jnp.log(jnp.asarray(config.initial_temperature))
        return LearnerState(
            actor=fresh,
            critic=critic_params,
            target_critic=jax.tree.map(jnp.copy, critic_params),
            log_alpha=log_alpha,
            actor_optimizer=actor_tx.init(fresh),
            critic_optimizer=critic_tx.init(critic_params),
            alpha_optimizer=alpha_tx.init(log_alpha),
        )

    def update_critic(state: LearnerState, batch: Transition, key: jax.Array):
        next_action, next_log_prob = sample(state.actor, batch.next_obs, key)
        target = losses.bellman_target(
            total_reward(batch, config.aux_coef),
            batch.discount,
            critic.apply(state.target_critic, batch.next_obs, next_action),
            next_log_prob,
            jnp.exp(state.log_alpha),
            config.gamma,
        )

        def loss(params: Params) -> tuple[jax.Array, jax.Array]:
            q = critic.apply(params, batch.obs, batch.action)
            return losses.critic_loss(q, target), jnp.mean(q)

        (value, q), grads = jax.value_and_grad(loss, has_aux=True)(state.critic)
        updates, optimizer = critic_tx.update(grads, state.critic_optimizer)
        params = optax.apply_updates(state.critic, updates)
        target_params = optax.incremental_update(params, state.target_critic, config.tau)
        state = state.replace(
            critic=params, target_critic=target_params, critic_optimizer=optimizer
        )
        return state, {"train/critic_loss": value, "train/q": q}

    def original_sample(original: Params, obs: jax.Array, key: jax.Array) -> jax.Array:
        return sample_pre_tanh(*frozen_actor.apply(original, obs), key)

    def update_actor(state: LearnerState, batch: Transition, original, key: jax.Array):
        dropout_key, sample_key, original_key = jax.random.split(key, 3)
        alpha = jnp.exp(state.log_alpha)
        consolidate = bool(config.consol_coef) and original is not None

        def loss(params: Params):
            mean, log_std = apply_actor(params, batch.obs, dropout_key)
            pre_tanh = sample_pre_tanh(mean, log_std, sample_key)
            log_prob = log_prob_pre_tanh(mean, log_std, pre_tanh)
            q = critic.apply(state.critic, batch.obs, jnp.tanh(pre_tanh))
            value = losses.actor_loss(log_prob, q, alpha)
            metrics = {"train/actor_loss": value, "train/entropy": -jnp.mean(log_prob)}
            if consolidate:
                a0 = original_sample(original, batch.obs, original_key)
                cloning = consolidation_loss(
                    batch.recovered, log_prob_pre_tanh(mean, log_std, a0)
                )
                metrics["recovery/consolidation_loss"] = cloning
                value += config.consol_coef * cloning
            return value, (log_prob, metrics)

        grads, (log_prob, metrics) = jax.grad(loss, has_aux=True)(state.actor)
        updates, optimizer = actor_tx.update(grads, state.actor_optimizer)
        params = optax.apply_updates(state.actor, updates)
        return state.replace(actor=params, actor_optimizer=optimizer), log_prob, metrics

    def update_temperature(state: LearnerState, log_prob: jax.Array):
        grad = jax.grad(losses.temperature_loss)(state.log_alpha, log_prob, target_entropy)
        updates, optimizer = alpha_tx.update(grad, state.alpha_optimizer)
        log_alpha = optax.apply_updates(state.log_alpha, updates)
        state = state.replace(log_alpha=log_alpha, alpha_optimizer=optimizer)
        return state, {"train/alpha": jnp.exp(log_alpha)}

    def update(state: LearnerState, batch: Transition, original, key: jax.Array):
        critic_key, actor_key = jax.random.split(key)
        state, critic_metrics = update_critic(state, batch, critic_key)
        state, log_prob, actor_metrics = update_actor(state, batch, original, actor_key)
        state, alpha_metrics = update_temperature(state, log_prob)
        return state, {**critic_metrics, **actor_metrics, **alpha_metrics}

    def sample_action(params: Params, obs: jax.Array, key: jax.Array) -> jax.Array:
        return sample(params, obs, key)[0]

    return Learner(init, update, sample_action)
