"""The root of a robot: how the model's first moving body moves in the world.

A root has a free joint, or slides and hinges of its own, as planar robots have. All functions are
of one state and work on NumPy's arrays as on JAX's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import mujoco
import numpy as np

_FREE, _SLIDE, _HINGE = (
    mujoco.mjtJoint.mjJNT_FREE,
    mujoco.mjtJoint.mjJNT_SLIDE,
    mujoco.mjtJoint.mjJNT_HINGE,
)


@dataclass(frozen=True)
class Root:
    """Where in qpos the root's motion is; None where the model has no such motion.

    Attributes:
      body: its name.
      places: index in qpos of the motion along world x, y and z.
      height_offset: metres from qpos to the height of the body's origin.
      quaternion: index of w of a free joint.
      tilts: indices of hinges about horizontal axes.
      headings: indices of hinges about vertical axes.
      joints: the root's joints by their numbers.
    """

    body: str
    places: tuple[int | None, int | None, int | None]
    height_offset: float
    quaternion: int | None
    tilts: tuple[int, ...]
    headings: tuple[int, ...]
    joints: tuple[int, ...]

    @property
    def can_tilt(self) -> bool:
        return self.quaternion is not None or bool(self.tilts)

    def height(self, qpos: Any) -> Any:
        """Metres from the world's z = 0 to the body's origin: []."""
        assert self.places[2] is not None
        return qpos[self.places[2]] + self.height_offset

    def tilt(self, qpos: Any) -> Any:
        """How far (rad) the body leans from upright: []. Of a free joint the angle between its z
        axis and the vertical; of hinges the largest angle, whole turns counted, since a policy
        that observes the angle knows them apart."""
        if self.quaternion is not None:
            x, y = qpos[self.quaternion + 1], qpos[self.quaternion + 2]
            return jnp.arccos(jnp.clip(1.0 - 2.0 * (x * x + y * y), -1.0, 1.0))
        return jnp.max(jnp.abs(jnp.stack([qpos[i] for i in self.tilts])))

    def turned(self, qpos: np.ndarray, angles: tuple[float, float, float]) -> np.ndarray:
        """The pose [nq] with the root's roll, pitch and yaw (rad, about x, then y, then z) set."""
        turned = np.array(qpos, float)
        if self.quaternion is not None:
            turned[self.quaternion : self.quaternion + 4] = _quaternion(*angles)
            return turned
        for index in self.tilts:
            turned[index] = angles[1] if angles[1] else angles[0]
        for index in self.headings:
            turned[index] = angles[2]
        return turned


def root_of(model: mujoco.MjModel) -> Root | None:
    """The root of a model; None where its first joint's body does not move as a whole."""
    if not model.njnt:
        return None
    body = int(model.jnt_bodyid[0])
    joints = tuple(int(j) for j in np.flatnonzero(model.jnt_bodyid == body))
    places: list[int | None] = [None, None, None]
    height_offset, quaternion = 0.0, None
    tilts: list[int] = []
    headings: list[int] = []
    for joint in joints:
        first, kind = int(model.jnt_qposadr[joint]), model.jnt_type[joint]
        if kind == _FREE:
            places, quaternion = [first, first + 1, first + 2], first + 3
            continue
        axis = np.abs(model.jnt_axis[joint])
        along = int(np.argmax(axis))
        if axis[along] < 1.0 - 1e-6:  # neither along nor about an axis of the world
            continue
        if kind == _SLIDE:
            places[along] = first
            if along == 2:
                height_offset = float(model.body_pos[body, 2] - model.qpos0[first])
        elif kind == _HINGE:
            (headings if along == 2 else tilts).append(first)
    return Root(
        body=model.body(body).name or f"body {body}",
        places=(places[0], places[1], places[2]),
        height_offset=height_offset,
        quaternion=quaternion,
        tilts=tuple(tilts),
        headings=tuple(headings),
        joints=joints,
    )


def _quaternion(roll: float, pitch: float, yaw: float) -> np.ndarray:
    """w, x, y, z of a turn by roll about x, then pitch about y, then yaw about z."""
    quaternion = np.array([1.0, 0.0, 0.0, 0.0])
    for angle, axis in ((roll, [1, 0, 0]), (pitch, [0, 1, 0]), (yaw, [0, 0, 1])):
        turn, product = np.zeros(4), np.zeros(4)
        mujoco.mju_axisAngle2Quat(turn, np.array(axis, float), angle)
        mujoco.mju_mulQuat(product, turn, quaternion)
        quaternion = product
    return quaternion
