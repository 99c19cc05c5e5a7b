"""Soft actor-critic with recovery reward and policy consolidation: one update on a page.

L_actor = E[alpha * log pi(a|s) - min_i Q_i(s, a)] + consol_coef * E[recovered(s) * -log pi(a0|s)]

The second expectation is exact (`lamour_jax.consolidation`).
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import optax
from flax import struct

from lamour_jax.agents.sac import losses
from lamour_jax.anchors import Anchors
from lamour_jax.config import SACConfig
from lamour_jax.consolidation import (
    BOLDEST,
    Gaussian,
    cloned,
    consolidation_loss,
    divergence_from,
    gaussian_of,
)
from lamour_jax.networks import (
    NORMALIZER,
    Actor,
    TwinCritic,
    log_prob_pre_tanh,
    make_actor,
    sample_pre_tanh,
    with_constants,
)
from lamour_jax.recovery import gamma_of, total_reward
from lamour_jax.types import Metrics, Params, Transition

_SMALLEST_SPREAD = 1e-2  # of an observation: one that never changed may change later
_PLANNED_SPREAD = 0.3  # of a planned action as a policy, before the tanh


class LearnerState(struct.PyTreeNode):
    """Parameters and optimisers. `actor` is the trained policy, `averaged_actor` the running mean
    of its parameters, which is evaluated."""

    actor: Params
    averaged_actor: Params
    critic: Params
    target_critic: Params
    log_alpha: jax.Array
    actor_optimizer: optax.OptState
    critic_optimizer: optax.OptState
    alpha_optimizer: optax.OptState


@dataclass(frozen=True)
class Learner:
    """SAC's learning; every method is a pure function of the state that it is given.

    Attributes:
      config: settings.
      observation_size, action_size: O and A.
      total_updates: length of the learning rates' schedules.
      num_planned: transitions at the end of each batch that are planned.
    """

    config: SACConfig
    observation_size: int
    action_size: int
    total_updates: int
    num_planned: int = 0

    def init(self, key: jax.Array, start: Params | None) -> LearnerState:
        """Fresh critics, and an actor that starts from the parameters `start` if given."""
        actor_key, critic_key = jax.random.split(key)
        obs, action = jnp.zeros((1, self.observation_size)), jnp.zeros((1, self.action_size))
        # Copies, since a training epoch donates its state and the original stays in use.
        actor = self.actor.init(actor_key, obs) if start is None else jax.tree.map(jnp.copy, start)
        critic = self._critic.init(critic_key, obs, action)
        log_alpha = jnp.log(jnp.asarray(self.config.initial_temperature, jnp.float32))
        return LearnerState(
            actor=actor,
            averaged_actor=jax.tree.map(jnp.copy, actor),
            critic=critic,
            target_critic=jax.tree.map(jnp.copy, critic),
            log_alpha=log_alpha,
            actor_optimizer=self._actor_tx.init(actor),
            critic_optimizer=self._critic_tx.init(critic),
            alpha_optimizer=self._alpha_tx.init(log_alpha),
        )

    def with_actor(self, state: LearnerState, actor: Params) -> LearnerState:
        """The state with other parameters of the actor, before any update."""
        return state.replace(
            actor=actor,
            averaged_actor=jax.tree.map(jnp.copy, actor),
            actor_optimizer=self._actor_tx.init(actor),
        )

    def with_normalizer(self, state: LearnerState, obs: jax.Array) -> LearnerState:
        """The critics normalise by mean and standard deviation of obs [K, O], if they do."""
        if not self.config.critic_normalizes:
            return state
        std = jnp.maximum(jnp.std(obs, axis=0), _SMALLEST_SPREAD)
        constants = {"mean": jnp.mean(obs, axis=0), "std": std}

        def normalizing(params: Params) -> Params:  # copies: a training epoch donates both
            return with_constants(params, NORMALIZER, jax.tree.map(jnp.copy, constants))

        return state.replace(
            critic=normalizing(state.critic), target_critic=normalizing(state.target_critic)
        )

    def act(self, params: Params, obs: jax.Array, noise: jax.Array, key: jax.Array) -> jax.Array:
        """The action [..., A] at obs [..., O] that standard normal noise [..., A] makes of the
        policy, as in training; the key is dropout's."""
        mean, log_std = self._policy(params, obs, key)
        return jnp.tanh(mean + jnp.exp(log_std) * noise)

    def update(
        self,
        state: LearnerState,
        batch: Transition,
        original: Params | None,
        key: jax.Array,
        anchors: Anchors | None = None,
    ) -> tuple[LearnerState, Metrics]:
        """One step of critics, actor and temperature on a batch [B, ...]; the actor is held at
        `anchors` [C, ...], too."""
        critic_key, actor_key = jax.random.split(key)
        state, critic_metrics = self.update_critic(state, batch, critic_key)
        state, log_prob, actor_metrics = self.update_actor(
            state, batch, original, actor_key, anchors
        )
        state, alpha_metrics = self.update_temperature(state, log_prob, batch.recovered)
        return state, {**critic_metrics, **actor_metrics, **alpha_metrics}

    def update_critic(
        self, state: LearnerState, batch: Transition, key: jax.Array
    ) -> tuple[LearnerState, Metrics]:
        """One step of both critics, and of their slow copies."""
        next_action, next_log_prob = self._sample(state.actor, batch.next_obs, key)
        target = losses.bellman_target(
            total_reward(batch, self.config.aux_coef),
            batch.discount,
            self._q(state.target_critic, batch.next_obs, next_action),
            next_log_prob,
            jnp.exp(state.log_alpha),
            gamma_of(batch, self.config),
        )

        def loss(params: Params) -> tuple[jax.Array, jax.Array]:
            q = self._q(params, batch.obs, batch.action)
            return losses.critic_loss(q, target), jnp.mean(q)

        (value, q), grads = jax.value_and_grad(loss, has_aux=True)(state.critic)
        updates, optimizer = self._critic_tx.update(grads, state.critic_optimizer)
        critic = optax.apply_updates(state.critic, updates)
        target_critic = optax.incremental_update(critic, state.target_critic, self.config.tau)
        state = state.replace(
            critic=critic, target_critic=target_critic, critic_optimizer=optimizer
        )
        return state, {"train/critic_loss": value, "train/q": q}

    def update_actor(
        self,
        state: LearnerState,
        batch: Transition,
        original: Params | None,
        key: jax.Array,
        anchors: Anchors | None = None,
    ) -> tuple[LearnerState, jax.Array, Metrics]:
        """One step of the actor; also returns log pi(a|s) [B] of its fresh actions."""
        alpha = jnp.exp(state.log_alpha)

        def loss(params: Params) -> tuple[jax.Array, tuple[jax.Array, Metrics]]:
            dropout_key, sample_key, anchor_key = jax.random.split(key, 3)
            policy = self._policy(params, batch.obs, dropout_key)
            pre_tanh = sample_pre_tanh(*policy, sample_key)
            log_prob = log_prob_pre_tanh(*policy, pre_tanh)
            q = self._q(state.critic, batch.obs, jnp.tanh(pre_tanh))
            value = losses.actor_loss(log_prob, q, alpha)
            metrics = {"train/actor_loss": value, "train/entropy": -jnp.mean(log_prob)}
            if original is not None and self.config.consol_coef:
                target = cloned(gaussian_of(original, batch.obs, self._original), self.config)
                cloning = consolidation_loss(batch.recovered, divergence_from(target, policy))
                metrics["recovery/consolidation_loss"] = cloning
                if anchors is not None:
                    held = self._policy(params, anchors.obs, anchor_key)
                    drift = divergence_from(anchors.original, held)
                    metrics["recovery/anchor_loss"] = consolidation_loss(anchors.recovered, drift)
                    share = anchors.recovered.size / batch.recovered.size
                    updates = state.actor_optimizer[0].count  # Adam's
                    scale = self._value_scale(q, updates)
                    cloning += share * scale * metrics["recovery/anchor_loss"]
                value += self.config.consol_coef * cloning
            if self.num_planned and self.config.planned_value_share:
                imitation = self._imitation_loss(state.critic, batch, policy, q)
                metrics["recovery/imitation_loss"] = imitation
                size = jax.lax.stop_gradient(jnp.mean(jnp.abs(q)))
                value += self.config.planned_value_share * size * imitation
            return value, (log_prob, metrics)

        grads, (log_prob, metrics) = jax.grad(loss, has_aux=True)(state.actor)
        updates, optimizer = self._actor_tx.update(grads, state.actor_optimizer)
        actor = optax.apply_updates(state.actor, updates)
        averaged = optax.incremental_update(
            actor, state.averaged_actor, 1.0 - self.config.actor_averaging
        )
        state = state.replace(actor=actor, averaged_actor=averaged, actor_optimizer=optimizer)
        return state, log_prob, metrics

    def update_temperature(
        self, state: LearnerState, log_prob: jax.Array, recovered: jax.Array
    ) -> tuple[LearnerState, Metrics]:
        """One step of the temperature towards the target entropy."""
        target_entropy = self.config.target_entropy_per_action * self.action_size
        weight = 1.0 - recovered if self.config.entropy_where_not_recovered else None
        grad = jax.grad(losses.temperature_loss)(state.log_alpha, log_prob, target_entropy, weight)
        updates, optimizer = self._alpha_tx.update(grad, state.alpha_optimizer)
        log_alpha = jnp.asarray(optax.apply_updates(state.log_alpha, updates))
        state = state.replace(log_alpha=log_alpha, alpha_optimizer=optimizer)
        return state, {"train/alpha": jnp.exp(log_alpha)}

    @property
    def actor(self) -> Actor:
        """The policy's network, which drops units only where it is told to."""
        return make_actor(self.config, self.action_size, self.config.dropout_rate)

    def is_late(self, updates: jax.Array) -> jax.Array:
        """Whether some episodes are whole by then, and anchors are let go: [] bool.

        In short episodes a robot is seldom at full speed for long, and what the original policy
        does wrong there is not mended. In whole ones alone it unlearns the way up.
        """
        return updates >= self.config.whole_episodes_after * self.total_updates

    @property
    def _original(self) -> Actor:
        """The frozen original's network, which never drops units."""
        return make_actor(self.config, self.action_size)

    @property
    def _critic(self) -> TwinCritic:
        sizes = self.config.critic_hidden_sizes or self.config.hidden_sizes
        return TwinCritic(sizes, self.config.critic_layer_norm, self.config.critic_normalizes)

    @property
    def _actor_tx(self) -> optax.GradientTransformation:
        return self._adam(self.config.actor_learning_rate)

    @property
    def _critic_tx(self) -> optax.GradientTransformation:
        return self._adam(self.config.critic_learning_rate)

    @property
    def _alpha_tx(self) -> optax.GradientTransformation:
        return optax.adam(self.config.temperature_learning_rate)

    def _adam(self, learning_rate: float) -> optax.GradientTransformation:
        final = self.config.final_learning_rate_fraction * learning_rate
        length = max(1, round(self.config.whole_episodes_after * self.total_updates))
        return optax.adam(optax.linear_schedule(learning_rate, final, length))

    def _policy(self, params: Params, obs: jax.Array, dropout_key: jax.Array) -> Gaussian:
        deterministic = not self.config.dropout_rate
        return Gaussian(
            *map(
                jnp.asarray,
                self.actor.apply(params, obs, deterministic, rngs={"dropout": dropout_key}),
            )
        )

    def _sample(
        self, params: Params, obs: jax.Array, key: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """An action [..., A] and its log_prob [...]."""
        dropout_key, sample_key = jax.random.split(key)
        policy = self._policy(params, obs, dropout_key)
        pre_tanh = sample_pre_tanh(*policy, sample_key)
        return jnp.tanh(pre_tanh), log_prob_pre_tanh(*policy, pre_tanh)

    def _value_scale(self, q: jax.Array, updates: jax.Array) -> jax.Array:
        """How much more than a visited state an anchor weighs after so many updates: 1, or a share
        of the mean |Q|; 0 once anchors are let go. []

        As returns grow, so does Q's slope, against which a fixed weight comes to nothing (TD3+BC,
        Fujimoto & Gu, 2021, arXiv 2106.06860, divides Q by its mean size instead). In states that
        the robot came to from the ground the fixed weight is right: the original policy may not
        know them, and Q must be able to say so. Once the robot stands, Q knows the task as well,
        and a share that fades lets it mend what the original policy does wrong there.
        """
        size = self.config.anchor_value_share * jnp.mean(jnp.abs(q))
        if self.config.anchor_value_fade:
            end = self.config.anchor_value_fade * self.total_updates
            size *= jnp.maximum(0.0, 1.0 - updates / end)
        scale = jnp.maximum(1.0, size)
        if self.config.whole_episodes_after < 1.0:
            scale = jnp.where(self.is_late(updates), 0.0, scale)
        return jax.lax.stop_gradient(scale)

    def _imitation_loss(
        self, critic: Params, batch: Transition, policy: Gaussian, q: jax.Array
    ) -> jax.Array:
        """How far the policy is from acting as the planner did [], where critics say that the
        planned action is better than the policy's own, of values q [2, B] (the Q-filter of Nair et
        al., 2018, arXiv 1709.10089). As with the original policy, a divergence from a Gaussian."""
        rows = slice(-self.num_planned, None)
        planned = self._q(critic, batch.obs[rows], batch.action[rows])
        better = jnp.min(planned, axis=0) > jnp.min(q[:, rows], axis=0)
        mean = jnp.arctanh(jnp.clip(batch.action[rows], -BOLDEST, BOLDEST))
        planner = Gaussian(mean, jnp.full_like(mean, jnp.log(_PLANNED_SPREAD)))
        own = Gaussian(*(part[rows] for part in policy))
        weight = jax.lax.stop_gradient(better.astype(mean.dtype))
        return jnp.sum(weight * divergence_from(planner, own)) / batch.recovered.size

    def _q(self, params: Params, obs: jax.Array, action: jax.Array) -> jax.Array:
        """Both critics' values [2, ...]."""
        return jnp.asarray(self._critic.apply(params, obs, action))
