"""Where episodes begin: a pose and the noise that makes each start a fresh one, or many poses."""

import abc
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from importlib import resources
from importlib.resources.abc import Traversable

import jax
import jax.numpy as jnp
import numpy as np

NEAR_RECOVERED = "near_recovered"  # folder of the states on the way back
EVALUATION_NOISE = 0.005  # added to qpos and qvel where a start has none of its own


class StartDistribution(abc.ABC):
    """Anything that start states can be drawn from."""

    @property
    def is_exact(self) -> bool:
        """Whether it is one state."""
        return False

    @abc.abstractmethod
    def sample(self, key: jax.Array, nv: int) -> tuple[jax.Array, jax.Array]:
        """Draws (qpos [nq], qvel [nv])."""

    def sample_batch(self, key: jax.Array, count: int, nv: int) -> tuple[jax.Array, jax.Array]:
        """Draws (qpos [count, nq], qvel [count, nv]); the first row is the same for all counts."""
        return jax.vmap(lambda one: self.sample(one, nv))(jax.random.split(key, count))


@dataclass(frozen=True)
class PoseStart(StartDistribution):
    """Start states that are all like one pose.

    Attributes:
      qpos: [nq] the pose (m, rad, quaternion w x y z).
    """

    qpos: np.ndarray = field(repr=False)

    def for_evaluation(self) -> "PoseStart":
        """What evaluation draws from; the same where starts differ already."""
        return self


@dataclass(frozen=True)
class Start(PoseStart):
    """A pose with independent noise on each of its entries.

    Attributes:
      qpos_noise: half width of uniform noise on every entry of qpos.
      qvel_noise: scale of the noise on every entry of qvel, which is zero otherwise.
      qvel_gaussian: whether qvel's noise is Gaussian (as in Gymnasium's Ant and HalfCheetah).
    """

    qpos_noise: float = 0.0
    qvel_noise: float = 0.0
    qvel_gaussian: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether it is one state."""
        return not (self.qpos_noise or self.qvel_noise)

    def for_evaluation(self) -> "Start":
        """This start, with noise where it has none: one exact state is no distribution."""
        if not self.is_exact:
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
class Poses(StartDistribution):
    """Stored states, each as likely as any other.

    Attributes:
      qpos: [N, nq] positions (m, rad, quaternions w x y z).
      qvel: [N, nv] velocities (m/s, rad/s).
    """

    qpos: np.ndarray = field(repr=False)
    qvel: np.ndarray = field(repr=False)

    @classmethod
    def joined(cls, parts: Iterable["Poses"]) -> "Poses":
        """All of them, one after another."""
        pairs = ((part.qpos, part.qvel) for part in parts)
        return cls(*map(np.concatenate, zip(*pairs, strict=True)))

    def take(self, rows: np.ndarray) -> "Poses":
        """Those of `rows`, indices or flags [N]."""
        return Poses(self.qpos[rows], self.qvel[rows])

    def sample(self, key: jax.Array, nv: int) -> tuple[jax.Array, jax.Array]:
        """Draws (qpos [nq], qvel [nv])."""
        return self._rows(jax.random.randint(key, (), 0, len(self.qpos)))

    def sample_batch(self, key: jax.Array, count: int, nv: int) -> tuple[jax.Array, jax.Array]:
        """Draws (qpos [count, nq], qvel [count, nv]) without replacement; of more than N, each
        state as often as the next, give or take one."""
        shuffled = jax.random.permutation(key, len(self.qpos))
        return self._rows(shuffled[jnp.arange(count) % len(self.qpos)])

    def _rows(self, index: jax.Array) -> tuple[jax.Array, jax.Array]:
        qpos, qvel = (jnp.asarray(part, jnp.float32) for part in (self.qpos, self.qvel))
        return qpos[index], qvel[index]


def poses_file(folder: str, robot: str) -> Traversable:
    """Where the states of a robot are that ship in a folder of `envs`, if they do."""
    return resources.files("envs").joinpath(folder, f"{robot}.npz")


def load_poses(file: Traversable, part: str = "") -> Poses:
    """What `file` stores, or a part of it, whose arrays' names begin with its own."""
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        return Poses(arrays[f"{part}qpos"], arrays[f"{part}qvel"])


@dataclass(frozen=True)
class Mixture(StartDistribution):
    """Start states of two kinds.

    Attributes:
      usual, other: the kinds.
      share: how many are of the other kind, in [0, 1].
    """

    usual: StartDistribution
    other: StartDistribution
    share: float

    def sample(self, key: jax.Array, nv: int) -> tuple[jax.Array, jax.Array]:
        """Draws (qpos [nq], qvel [nv])."""
        which_key, usual_key, other_key = jax.random.split(key, 3)
        other = jax.random.bernoulli(which_key, self.share)
        draws = self.other.sample(other_key, nv), self.usual.sample(usual_key, nv)
        return jax.tree.map(lambda a, b: jnp.where(other, a, b), *draws)
