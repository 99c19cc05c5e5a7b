"""The actor, the critics, the value, and the tanh-squashed Gaussian (Haarnoja et al., 2018,
appendix C)."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import distrax
import flax.linen as nn
import jax
import jax.numpy as jnp

from envs.hashing import hashed_bits, key_words
from lamour_jax.types import Params

LOG_STD_RANGE = (-20.0, 2.0)
ACTIVATIONS: dict[str, Callable[[jax.Array], jax.Array]] = {
    "relu": nn.relu,
    "swish": nn.swish,
    "elu": nn.elu,
    "tanh": nn.tanh,
}
SMALLEST_STD = 1e-3  # what brax adds to the standard deviation (NormalTanhDistribution)
STDS = ("exp", "softplus")  # how the head's number becomes a standard deviation
# Constants among parameters: an actor's or the critics', and an actor's.
NORMALIZER = "normalizer"
BOUNDS = "bounds"
FARTHEST = 8.0  # standard deviations; a crash's velocities lie farther out, and tell no more


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
    """Hidden layers, of ReLU units unless told otherwise, each with layer norm or dropout if asked
    for."""

    hidden_sizes: Sequence[int]
    layer_norm: bool = False
    dropout_rate: float = 0.0
    activation: str = "relu"

    @nn.compact
    def __call__(self, x: jax.Array, deterministic: bool = True) -> jax.Array:
        for size in self.hidden_sizes:
            x = nn.Dense(size)(x)
            if self.layer_norm:
                x = nn.LayerNorm()(x)
            if self.dropout_rate:
                x = Dropout(self.dropout_rate)(x, deterministic)
            x = ACTIVATIONS[self.activation](x)
        return x


class ActorSettings(Protocol):
    """What decides an actor's shape: a policy's, or a learner's settings.

    Attributes:
      hidden_sizes: of the hidden layers.
      activation: of their units, one of ACTIVATIONS.
      std: one of STDS; with "softplus" the standard deviation is softplus(x) + SMALLEST_STD.
      normalizes: observations are shifted and scaled first, by constants among the parameters.
    """

    @property
    def hidden_sizes(self) -> tuple[int, ...]: ...
    @property
    def activation(self) -> str: ...
    @property
    def std(self) -> str: ...
    @property
    def normalizes(self) -> bool: ...


@dataclass(frozen=True)
class ActorDesign:
    """The settings of an actor, by themselves."""

    hidden_sizes: tuple[int, ...] = (256, 256)
    activation: str = "relu"
    std: str = "exp"
    normalizes: bool = False


class Normalizer(nn.Module):
    """obs -> (obs - mean) / std, by constants that were measured before: they are parameters
    without a gradient, so that every learner carries them along and leaves them alone."""

    @nn.compact
    def __call__(self, obs: jax.Array) -> jax.Array:
        size = obs.shape[-1:]
        mean = self.param("mean", nn.initializers.zeros_init(), size)
        std = self.param("std", nn.initializers.ones_init(), size)
        return (obs - jax.lax.stop_gradient(mean)) / jax.lax.stop_gradient(std)


class Actor(nn.Module):
    """obs [..., O] -> (mean [..., A], log_std [..., A]) of the Gaussian before the tanh.

    Parameters that have bounds among them (`with_bounds`) are kept within those, smoothly.
    Attributes are `ActorSettings`'.
    """

    action_size: int
    hidden_sizes: Sequence[int] = (256, 256)
    dropout_rate: float = 0.0
    activation: str = "relu"
    std: str = "exp"
    normalizes: bool = False

    @nn.compact
    def __call__(self, obs: jax.Array, deterministic: bool = True) -> tuple[jax.Array, jax.Array]:
        if self.normalizes:
            obs = Normalizer(name=NORMALIZER)(obs)
        x = MLP(
            self.hidden_sizes,
            dropout_rate=self.dropout_rate,
            activation=self.activation,
            name="shared",
        )(obs, deterministic)
        mean = nn.Dense(self.action_size, name="mean")(x)
        log_std = nn.Dense(self.action_size, name="log_std")(x)
        if self.std == "softplus":
            log_std = jnp.log(nn.softplus(log_std) + SMALLEST_STD)
        if self.has_variable("params", BOUNDS):
            bounds: Any = jax.lax.stop_gradient(self.get_variable("params", BOUNDS))
            farthest, (low, high) = bounds["mean"], bounds["log_std"]
            return farthest * jnp.tanh(mean / farthest), low + (high - low) * nn.sigmoid(log_std)
        return mean, jnp.clip(log_std, *LOG_STD_RANGE)


def with_bounds(params: Params, mean: float, log_std: tuple[float, float]) -> Params:
    """An actor's parameters with bounds: of the size of means, and of log_std.

    A mean far beyond what the tanh tells apart, or next to no noise, or so much that it is a toss
    between the tanh's ends: each costs entropy without end, and hardly a gradient leads back.
    """
    bounds = {"mean": jnp.asarray(mean), "log_std": jnp.asarray(log_std)}
    return with_constants(params, BOUNDS, bounds)


def with_constants(params: Params, name: str, constants: dict[str, jax.Array]) -> Params:
    """A network's parameters with constants among them: NORMALIZER's or BOUNDS'."""
    return {"params": {**params["params"], name: constants}}


def make_actor(settings: ActorSettings, action_size: int, dropout_rate: float = 0.0) -> Actor:
    """The actor of these settings."""
    return Actor(
        action_size,
        settings.hidden_sizes,
        dropout_rate,
        settings.activation,
        settings.std,
        settings.normalizes,
    )


def actor_settings(settings: ActorSettings) -> dict[str, Any]:
    """They as keywords, for a learner's settings or a policy's."""
    return {
        "hidden_sizes": settings.hidden_sizes,
        "activation": settings.activation,
        "std": settings.std,
        "normalizes": settings.normalizes,
    }


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
    plain matrix products faster than batched ones.

    Attributes:
      hidden_sizes, layer_norm: each one's.
      normalizes: observations are shifted and scaled first, by constants among the parameters, and
        cut at FARTHEST standard deviations.
    """

    hidden_sizes: Sequence[int] = (256, 256)
    layer_norm: bool = False
    normalizes: bool = False

    @nn.compact
    def __call__(self, obs: jax.Array, action: jax.Array) -> jax.Array:
        if self.normalizes:
            obs = jnp.clip(Normalizer(name=NORMALIZER)(obs), -FARTHEST, FARTHEST)
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
