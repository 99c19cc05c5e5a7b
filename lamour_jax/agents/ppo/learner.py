"""Proximal policy optimisation with recovery reward and policy consolidation.

L_actor = L_clip - entropy_coef * H(pi) + consol_coef * E[recovered(s) * -log pi(a0|s)]

The actor is the original policy's tanh-Gaussian. What it sampled is kept as u before the tanh, and
probabilities are compared there: the tanh's own part of them cancels in the ratio.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import optax
from flax import struct

from lamour_jax.agents.ppo import losses
from lamour_jax.anchors import Anchors
from lamour_jax.config import PPOConfig
from lamour_jax.consolidation import (
    Gaussian,
    cloned,
    consolidation_loss,
    divergence_from,
    gaussian_of,
)
from lamour_jax.networks import (
    Actor,
    Value,
    log_prob_pre_tanh,
    make_actor,
    sample_pre_tanh,
)
from lamour_jax.recovery import gamma_of, total_reward
from lamour_jax.rollout import Rollout
from lamour_jax.types import Metrics, Params

T = TypeVar("T")

_SMALLEST_SCALE = 1e-2  # of returns: where every reward is zero there is nothing to scale
_MEMORY = 20  # iterations that the running scale of returns reaches back


class LearnerState(struct.PyTreeNode):
    """Parameters and optimisers. `actor` is the trained policy.

    Attributes:
      return_scale: [] running root mean square of the returns; `value` gives V(s) in units of it.
      iterations: [] int32, rollouts learned from so far.
    """

    actor: Params
    value: Params
    actor_optimizer: optax.OptState
    value_optimizer: optax.OptState
    return_scale: jax.Array
    iterations: jax.Array


class Batch(NamedTuple):
    """What an update learns from, [B, ...].

    Attributes:
      obs: [O] s.
      pre_tanh: [A] u, where tanh(u) is the action taken.
      log_prob: [] log pi(a|s) of the policy that took it.
      advantage: [] normalised.
      target: [] the return estimate, in units of `return_scale`.
      recovered: [] weight of the consolidation term at s.
      original: the original policy's Gaussian at s, [A] each; None without one.
      weight: [] 0 for broken robots, 1 on average.
    """

    obs: jax.Array
    pre_tanh: jax.Array
    log_prob: jax.Array
    advantage: jax.Array
    target: jax.Array
    recovered: jax.Array
    original: Gaussian | None
    weight: jax.Array


@dataclass(frozen=True)
class Learner:
    """PPO's learning; every method is a pure function of the state that it is given.

    Attributes:
      config: settings.
      observation_size, action_size: O and A.
      total_updates: length of the learning rates' schedules.
    """

    config: PPOConfig
    observation_size: int
    action_size: int
    total_updates: int

    def init(self, key: jax.Array, start: Params | None) -> LearnerState:
        """A fresh value, and an actor that starts from the parameters `start` if given."""
        actor_key, value_key = jax.random.split(key)
        obs = jnp.zeros((1, self.observation_size))
        # Copies, since a training epoch donates its state and the original stays in use.
        actor = self.actor.init(actor_key, obs) if start is None else jax.tree.map(jnp.copy, start)
        value = self._value.init(value_key, obs)
        return LearnerState(
            actor=actor,
            value=value,
            actor_optimizer=self._actor_tx.init(actor),
            value_optimizer=self._value_tx.init(value),
            return_scale=jnp.ones(()),
            iterations=jnp.zeros((), jnp.int32),
        )

    def act(
        self, params: Params, obs: jax.Array, key: jax.Array
    ) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
        """A sampled action [..., A] at obs [..., O], with u [..., A] and log_prob [...]."""
        policy = self._policy(params, obs)
        pre_tanh = sample_pre_tanh(*policy, key)
        return jnp.tanh(pre_tanh), (pre_tanh, log_prob_pre_tanh(*policy, pre_tanh))

    def digest(
        self, state: LearnerState, rollout: Rollout, original: Params | None
    ) -> tuple[LearnerState, Batch]:
        """Turns a rollout [T, N, ...] into data for updates, also [T, N, ...].

        Networks see a few steps at a time, no more rows than an update's: hidden layers of a whole
        rollout of thousands of robots would be gigabytes each.
        """
        steps, valid = rollout.transitions, rollout.valid
        pre_tanh, log_prob = rollout.extras
        value = self._over_time(partial(self.value, state), steps.obs)
        advantage = losses.advantages(
            total_reward(steps, self.config.aux_coef),
            steps.discount,
            value,
            self._over_time(partial(self.value, state), steps.next_obs),
            rollout.over,
            valid,
            gamma_of(steps, self.config),
            self.config.gae_lambda,
        )
        returns = advantage + value
        state = self._rescale(state, losses.masked_mean(jnp.square(returns), valid))
        batch = Batch(
            obs=steps.obs,
            pre_tanh=pre_tanh,
            log_prob=log_prob,
            advantage=losses.normalise(advantage, valid),
            target=returns / state.return_scale,
            recovered=steps.recovered,
            original=self._original(original, steps.obs),
            weight=valid / jnp.maximum(jnp.mean(valid), 1.0 / valid.size),
        )
        return state, batch

    def update(
        self, state: LearnerState, batch: Batch, key: jax.Array, anchors: Anchors | None = None
    ) -> tuple[LearnerState, Metrics]:
        """One step of value and actor on a batch [B, ...]; the actor is held at `anchors`
        [C, ...], too."""
        state, value_metrics = self.update_value(state, batch)
        state, actor_metrics = self.update_actor(state, batch, key, anchors)
        return state, {**value_metrics, **actor_metrics}

    def update_value(self, state: LearnerState, batch: Batch) -> tuple[LearnerState, Metrics]:
        """One step of the value towards the returns."""

        def loss(params: Params) -> jax.Array:
            value = jnp.asarray(self._value.apply(params, batch.obs))
            return losses.value_loss(value, batch.target, batch.weight)

        value, grads = jax.value_and_grad(loss)(state.value)
        updates, optimizer = self._value_tx.update(grads, state.value_optimizer, state.value)
        params = optax.apply_updates(state.value, updates)
        return state.replace(value=params, value_optimizer=optimizer), {"train/value_loss": value}

    def update_actor(
        self, state: LearnerState, batch: Batch, key: jax.Array, anchors: Anchors | None = None
    ) -> tuple[LearnerState, Metrics]:
        """One step of the actor; none during the value's warm-up."""

        def loss(params: Params) -> tuple[jax.Array, Metrics]:
            policy = self._policy(params, batch.obs)
            log_ratio = log_prob_pre_tanh(*policy, batch.pre_tanh) - batch.log_prob
            surrogate = losses.policy_loss(
                log_ratio, batch.advantage, batch.weight, self.config.clip_range
            )
            # H = E[-log pi]; of a tanh-Gaussian only a sample's is known.
            fresh = sample_pre_tanh(*policy, key)
            entropy = -jnp.mean(batch.weight * log_prob_pre_tanh(*policy, fresh))
            metrics = {
                "train/actor_loss": surrogate,
                "train/entropy": entropy,
                "train/kl": losses.divergence(log_ratio, batch.weight),
            }
            value = surrogate - self.config.entropy_coef * entropy
            if batch.original is not None and self.config.consol_coef:
                cloning = consolidation_loss(
                    batch.weight * batch.recovered, divergence_from(batch.original, policy)
                )
                metrics["recovery/consolidation_loss"] = cloning
                if anchors is not None:
                    drift = divergence_from(anchors.original, self._policy(params, anchors.obs))
                    metrics["recovery/anchor_loss"] = consolidation_loss(anchors.recovered, drift)
                    # Advantages are normalised: an anchor weighs what a visited state does.
                    share = anchors.recovered.size / batch.recovered.size
                    cloning += share * metrics["recovery/anchor_loss"]
                value += self.config.consol_coef * cloning
            return value, metrics

        grads, metrics = jax.grad(loss, has_aux=True)(state.actor)
        # Adam leaves parameters alone while all it has seen are zeros.
        learning = state.iterations > self.config.value_warmup
        grads = jax.tree.map(lambda grad: jnp.where(learning, grad, 0.0), grads)
        updates, optimizer = self._actor_tx.update(grads, state.actor_optimizer, state.actor)
        actor = optax.apply_updates(state.actor, updates)
        return state.replace(actor=actor, actor_optimizer=optimizer), metrics

    def value(self, state: LearnerState, obs: jax.Array) -> jax.Array:
        """V(s) [...] at obs [..., O], in units of the rewards."""
        return state.return_scale * jnp.asarray(self._value.apply(state.value, obs))

    def _rescale(self, state: LearnerState, mean_square: jax.Array) -> LearnerState:
        """Follows the returns' scale with V(s) unchanged: the head is divided by what the scale
        is multiplied by (PopArt without the shift, van Hasselt et al., 2016, arXiv 1602.07714).

        Robots' returns differ by orders of magnitude, and one robot's do as it recovers; a network
        that has to grow to them by steps of a learning rate lags behind.
        """
        rate = jnp.maximum(1.0 / (state.iterations + 1), 1.0 / _MEMORY)
        running = (1.0 - rate) * jnp.square(state.return_scale) + rate * mean_square
        scale = jnp.maximum(jnp.sqrt(running), _SMALLEST_SCALE)
        params = state.value["params"]
        head = jax.tree.map(lambda x: x * state.return_scale / scale, params["value"])
        return state.replace(
            value={**state.value, "params": {**params, "value": head}},
            return_scale=scale,
            iterations=state.iterations + 1,
        )

    @property
    def actor(self) -> Actor:
        """The policy's network."""
        return make_actor(self.config, self.action_size)

    @property
    def _value(self) -> Value:
        sizes = self.config.critic_hidden_sizes or self.config.hidden_sizes
        return Value(sizes, self.config.value_layer_norm)

    @property
    def _actor_tx(self) -> optax.GradientTransformation:
        return self._adam(self.config.actor_learning_rate)

    @property
    def _value_tx(self) -> optax.GradientTransformation:
        return self._adam(self.config.value_learning_rate)

    def _adam(self, learning_rate: float) -> optax.GradientTransformation:
        final = self.config.final_learning_rate_fraction * learning_rate
        return optax.chain(
            optax.clip_by_global_norm(self.config.max_grad_norm),
            optax.adam(optax.linear_schedule(learning_rate, final, self.total_updates)),
        )

    def _policy(self, params: Params, obs: jax.Array) -> Gaussian:
        return Gaussian(*map(jnp.asarray, self.actor.apply(params, obs)))

    def _original(self, original: Params | None, obs: jax.Array) -> Gaussian | None:
        """The frozen original policy at obs [T, N, O]."""
        if original is None:
            return None
        gaussian = self._over_time(partial(gaussian_of, original, network=self.actor), obs)
        return cloned(gaussian, self.config)

    def _over_time(self, network: Callable[[jax.Array], T], obs: jax.Array) -> T:
        """`network` at obs [T, N, O], as many steps at once as make an update's batch."""
        steps = max(1, obs.shape[0] // self.config.num_minibatches)
        return jax.lax.map(network, obs, batch_size=steps)
