"""The actor, the critics, the value, and the tanh-squashed Gaussian (Haarnoja et al., 2018,
appendix C)."""

import math
from collections.abc import Sequence

import distrax
import flax.linen as nn
import jax
import jax.numpy as jnp

from envs.hashing import hashed_bits, key_words

LOG_STD_RANGE = (-20.0, 2.0)


class Dropout(nn.Module):
    """Drops units at random and scales the others up, as `flax.linen.Dropout` does.

    Its masks are a hash of the units' places: JAX's own generator would take a fifth of a whole
    update for them.
    """

    rate: float

    @nn.compact
    def __call__(self, x: jax.Array, deterministic: bool) -> jax.Array:
        if deterministic:
            return x
        bits = hashed_bits(key_words(self.make_rng("dropout")), x.shape)
        kept = bits >= jnp.uint32(self.rate * 2**32)
        return jnp.where(kept, x / (1.0 - self.rate), 0.0)


class MLP(nn.Module):
    """Hidden layers of ReLU units, each with layer norm or dropout if asked for."""

    hidden_sizes: Sequence[int]
    layer_norm: bool = False
    dropout_rate: float = 0.0

    @nn.compact
    def __call__(self, x: jax.Array, deterministic: bool = True) -> jax.Array:
        for size in self.hidden_sizes:
            x = nn.Dense(size)(x)
            if self.layer_norm:
                x = nn.LayerNorm()(x)
            if self.dropout_rate:
                x = Dropout(self.dropout_rate)(x, deterministic)
            x = nn.relu(x)
        return x


class Actor(nn.Module):
    """obs [..., O] -> (mean [..., A], log_std [..., A]) of the Gaussian before the tanh."""

    action_size: int
    hidden_sizes: Sequence[int] = (256, 256)
    dropout_rate: float = 0.0

    @nn.compact
    def __call__(self, obs: jax.Array, deterministic: bool = True) -> tuple[jax.Array, jax.Array]:
        x = MLP(self.hidden_sizes, dropout_rate=self.dropout_rate, name="shared")(
            obs, deterministic
        )
        mean = nn.Dense(self.action_size, name="mean")(x)
        log_std = nn.Dense(self.action_size, name="log_std")(x)
        return mean, jnp.clip(log_std, *LOG_STD_RANGE)


class Critic(nn.Module):
    """(obs [..., O], action [..., A]) -> Q [...]."""

    hidden_sizes: Sequence[int] = (256, 256)
    layer_norm: bool = False

    @nn.compact
    def __call__(self, obs: jax.Array, action: jax.Array) -> jax.Array:
        x = jnp.concatenate([obs, action], axis=-1)
        x = MLP(self.hidden_sizes, layer_norm=self.layer_norm, name="shared")(x)
        return nn.Dense(1, name="q")(x)[..., 0]


class TwinCritic(nn.Module):
    """Two independent critics: -> Q [2, ...]. Two modules, not a vmap: XLA's CPU backend runs
    plain matrix products faster than batched ones."""

    hidden_sizes: Sequence[int] = (256, 256)
    layer_norm: bool = False

    @nn.compact
    def __call__(self, obs: jax.Array, action: jax.Array) -> jax.Array:
        critics = [Critic(self.hidden_sizes, self.layer_norm, name=f"critic_{i}") for i in (0, 1)]
        return jnp.stack([critic(obs, action) for critic in critics])


class Value(nn.Module):
    """obs [..., O] -> V [...], 0 everywhere at first: no guess is better than a random one."""

    hidden_sizes: Sequence[int] = (256, 256)
    layer_norm: bool = False

    @nn.compact
    def __call__(self, obs: jax.Array) -> jax.Array:
        x = MLP(self.hidden_sizes, layer_norm=self.layer_norm, name="shared")(obs)
        return nn.Dense(1, kernel_init=nn.initializers.zeros_init(), name="value")(x)[..., 0]


def sample_pre_tanh(mean: jax.Array, log_std: jax.Array, key: jax.Array) -> jax.Array:
    """A sample [..., A] of the Gaussian before the tanh."""
    return distrax.MultivariateNormalDiag(mean, jnp.exp(log_std)).sample(seed=key)


def log_prob_pre_tanh(mean: jax.Array, log_std: jax.Array, pre_tanh: jax.Array) -> jax.Array:
    """log pi(tanh(u)|s) [...] from u = `pre_tanh` [..., A].

    Taken from u and not from the action: a saturated action is exactly 1 in float32, where the
    inverse tanh, and with it a log_prob computed from the action, is infinite.
    """
    gaussian = distrax.MultivariateNormalDiag(mean, jnp.exp(log_std))
    # log(1 - tanh(u)^2) without log1p, which XLA's CPU backend computes number by number.
    size = jnp.abs(pre_tanh)
    log_det = 2.0 * (math.log(2.0) - size - jnp.log(1.0 + jnp.exp(-2.0 * size)))
    return gaussian.log_prob(pre_tanh) - jnp.sum(log_det, axis=-1)
