"""Where episodes begin: a pose, and the noise that makes each start a fresh one."""

from dataclasses import dataclass, field, replace
from typing import Protocol

import jax
import jax.numpy as jnp
import numpy as np

EVALUATION_NOISE = 0.005  # added to qpos and qvel where a start has none of its own


class StartDistribution(Protocol):
    """Anything that start states can be drawn from."""

    def sample(self, key: jax.Array, nv: int) -> tuple[jax.Array, jax.Array]:
        """Draws (qpos [nq], qvel [nv])."""


@dataclass(frozen=True)
class Start:
    """A distribution of start states around one pose.

    Attributes:
      qpos: [nq] the pose (m, rad, quaternion w x y z).
      qpos_noise: half width of uniform noise on every entry of qpos.
      qvel_noise: scale of the noise on every entry of qvel, which is zero otherwise.
      qvel_gaussian: whether qvel's noise is Gaussian (as in Gymnasium's Ant and HalfCheetah).
    """

    qpos: np.ndarray = field(repr=False)
    qpos_noise: float = 0.0
    qvel_noise: float = 0.0
    qvel_gaussian: bool = False

    def for_evaluation(self) -> "Start":
        """This start, with noise where it has none: one exact state is no distribution."""
        if self.qpos_noise or self.qvel_noise:
            return self
        return replace(self, qpos_noise=EVALUATION_NOISE, qvel_noise=EVALUATION_NOISE)

    def sample(self, key: jax.Array, nv: int) -> tuple[jax.Array, jax.Array]:
        """Draws (qpos [nq], qvel [nv])."""
        qpos_key, qvel_key = jax.random.split(key)
        qpos = jnp.asarray(self.qpos, jnp.float32)
        qpos += self.qpos_noise * jax.random.uniform(qpos_key, qpos.shape, minval=-1.0)
        if self.qvel_gaussian:
            qvel = jax.random.normal(qvel_key, (nv,))
        else:
            qvel = jax.random.uniform(qvel_key, (nv,), minval=-1.0)
        return qpos, self.qvel_noise * qvel


@dataclass(frozen=True)
class Mixture:
    """Starts of two kinds, drawn at random.

    Attributes:
      first, second: the kinds.
      second_fraction: how often the second is drawn, 0 to 1.
    """

    first: StartDistribution
    second: StartDistribution
    second_fraction: float

    def sample(self, key: jax.Array, nv: int) -> tuple[jax.Array, jax.Array]:
        """Draws (qpos [nq], qvel [nv])."""
        choice_key, sample_key = jax.random.split(key)
        second = jax.random.bernoulli(choice_key, self.second_fraction)
        drawn = self.first.sample(sample_key, nv), self.second.sample(sample_key, nv)
        return jax.tree.map(lambda a, b: jnp.where(second, b, a), *drawn)
