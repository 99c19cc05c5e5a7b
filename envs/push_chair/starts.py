"""Where PushChair begins: chair and robot around the target, drawn anew for each episode."""

from dataclasses import dataclass
from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from envs.push_chair.model import CHAIR, CHAIR_VELOCITY
from envs.push_chair.robot import BASE
from envs.starts import PoseStart, StartDistribution

A = TypeVar("A", jax.Array, np.ndarray)

ROBOT_DISTANCE = (0.8, 1.2)  # m from the chair
ROBOT_ANGLE = 0.2 * np.pi  # rad, half width around the chair's rear
HEADING_NOISE = 0.05 * np.pi  # rad, half width, of a robot that faces the chair
MOVED = 0.4  # m, half width along each axis


@dataclass(frozen=True)
class AroundTarget(PoseStart):
    """The chair somewhere around the target, the robot behind it and facing it, all at rest.

    Attributes:
      qpos: [40] one such state, in which the chair faces along the world's x; how the chair stands
        or lies there, the joints of both and the robot's lift are those of all states.
      distance: (nearest, farthest) of the chair from the target (m).
      turn: half width of the angle between where the chair faces and the target (rad).
    """

    distance: tuple[float, float] = (1.0, 1.0)
    turn: float = 0.0

    def sample(self, key: jax.Array, nv: int) -> tuple[jax.Array, jax.Array]:
        """Draws (qpos [40], qvel [nv])."""
        low = jnp.array([self.distance[0], -np.pi, -self.turn, ROBOT_DISTANCE[0], -1.0, -1.0])
        high = jnp.array([self.distance[1], np.pi, self.turn, ROBOT_DISTANCE[1], 1.0, 1.0])
        away, side, turn, behind, angle, noise = jax.random.uniform(
            key, (6,), minval=low, maxval=high
        )
        facing = side + np.pi + turn
        chair = away * _direction(side)
        bearing = facing + np.pi + ROBOT_ANGLE * angle  # of the robot, seen from the chair
        base = chair + behind * _direction(bearing)
        yaw = bearing + np.pi + HEADING_NOISE * noise
        qpos = jnp.asarray(self.qpos, jnp.float32)
        pose = jnp.concatenate([chair, qpos[CHAIR][2:3], _turned(qpos[CHAIR][3:], facing)])
        qpos = qpos.at[CHAIR].set(pose).at[BASE].set(jnp.append(base, wrapped(yaw)))
        return qpos, jnp.zeros(nv)


@dataclass(frozen=True)
class Moved(StartDistribution):
    """States of the scene, each moved a little over the floor and turned anyhow about the target.

    Attributes:
      states: what is moved.
    """

    states: StartDistribution

    def sample(self, key: jax.Array, nv: int) -> tuple[jax.Array, jax.Array]:
        """Draws (qpos [40], qvel [nv])."""
        row_key, place_key = jax.random.split(key)
        qpos, qvel = self.states.sample(row_key, nv)
        *move, angle = jax.random.uniform(place_key, (3,), minval=-1.0) * np.array(
            [MOVED, MOVED, np.pi], np.float32
        )
        cos, sin = jnp.cos(angle), jnp.sin(angle)
        turn = jnp.array([[cos, -sin], [sin, cos]])
        base = turn @ (qpos[BASE][:2] + jnp.stack(move))
        chair = turn @ (qpos[CHAIR][:2] + jnp.stack(move))
        pose = jnp.concatenate([chair, qpos[CHAIR][2:3], _turned(qpos[CHAIR][3:], angle)])
        qpos = qpos.at[CHAIR].set(pose)
        qpos = qpos.at[BASE].set(jnp.append(base, wrapped(qpos[BASE][2] + angle)))
        for place in (BASE.start, CHAIR_VELOCITY.start):  # x and y of both
            qvel = qvel.at[place : place + 2].set(turn @ qvel[place : place + 2])
        return qpos, qvel


def _direction(angle: jax.Array) -> jax.Array:
    return jnp.stack([jnp.cos(angle), jnp.sin(angle)])


def _turned(quaternion: jax.Array, angle: jax.Array) -> jax.Array:
    """A pose's quaternion [4] after a turn about the vertical."""
    cos, sin = jnp.cos(angle / 2), jnp.sin(angle / 2)
    w, x, y, z = quaternion
    return jnp.stack([cos * w - sin * z, cos * x - sin * y, cos * y + sin * x, cos * z + sin * w])


def wrapped(angle: A) -> A:
    """The same angle (rad), any shape, in [-pi, pi)."""
    return (angle + np.pi) % (2 * np.pi) - np.pi
