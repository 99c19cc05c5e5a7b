"""The Panda arm: its published Denavit-Hartenberg parameters, as a model and as functions.

In Craig's (modified) convention, as the manufacturer gives them, frame i is in frame i - 1 at

    Rot_x(alpha_i) Trans_x(a_i) Rot_z(q_i) Trans_z(d_i)

The flange is 0.107 m along the last axis; the hand is turned by -45 degrees about it, and the
point that counts as the end effector (TCP) is between the tips of its fingers.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from envs.push_chair.contacts import FINGER, FOREARM, UPPER_ARM, Contact


class Joint(NamedTuple):
    """A row of the table: a, d (m), alpha (rad) of its frame, and the joint's limits (rad)."""

    a: float
    d: float
    alpha: float
    low: float
    high: float


_QUARTER = np.pi / 2
JOINTS = (
    Joint(0.0, 0.333, 0.0, -2.8973, 2.8973),
    Joint(0.0, 0.0, -_QUARTER, -1.7628, 1.7628),
    Joint(0.0, 0.316, _QUARTER, -2.8973, 2.8973),
    Joint(0.0825, 0.0, _QUARTER, -3.0718, -0.0698),
    Joint(-0.0825, 0.384, -_QUARTER, -2.8973, 2.8973),
    Joint(0.0, 0.0, _QUARTER, -0.0175, 3.7525),
    Joint(0.088, 0.0, _QUARTER, -2.8973, 2.8973),
)
FLANGE = 0.107  # m along z of the last frame
HAND_TURN = -np.pi / 4  # rad about z
FINGERS_AT = 0.0584  # m along z of the hand
TCP = 0.1034  # m along z of the hand
FINGER_RANGE = (0.0, 0.04)  # m, each finger from the middle
REST = (0.0, 0.0, 0.0, -1.5, 0.0, 3.0, 0.78)  # rad, at the start
REST_FINGER = 0.02  # m

MASSES = (4.97, 0.65, 3.23, 3.59, 1.23, 1.67, 1.47)  # kg, of links 1 to 7, the last with the hand
FINGER_MASS = 0.015
# Rotors behind gears of 100:1; also what keeps the speed controllers stable at 500 Hz, whose
# damping of 100 over a step of 2 ms needs more inertia than a hand has.
ARMATURE = 0.25  # kg m^2, and kg for a finger
FINGER_RADIUS = 0.02  # m: a soft tip, which touches before the TCP does

_WHITE = (0.93, 0.93, 0.95, 1.0)
_ORANGE = (0.95, 0.45, 0.08, 1.0)
_DARK = (0.15, 0.15, 0.17, 1.0)


class Shape(NamedTuple):
    """A capsule on a link: from where to where (m, in the link's frame), and its radius."""

    link: int
    start: tuple[float, float, float]
    end: tuple[float, float, float]
    radius: float
    colour: tuple[float, float, float, float]
    contact: Contact | None = None


_ORIGIN = (0.0, 0.0, 0.0)
# The first shape of each link carries its mass.
SHAPES = (
    Shape(0, (0.0, 0.0, -0.05), (0.0, 0.0, 0.01), 0.075, _WHITE),
    Shape(1, _ORIGIN, (0.0, -0.316, 0.0), 0.06, _ORANGE, UPPER_ARM),
    Shape(2, _ORIGIN, (0.0825, 0.0, 0.0), 0.055, _WHITE),
    Shape(3, (-0.0825, 0.05, 0.0), (-0.0825, 0.384, 0.0), 0.055, _ORANGE, FOREARM),
    Shape(3, _ORIGIN, (-0.0825, 0.07, 0.0), 0.05, _WHITE),
    Shape(4, (0.0, 0.0, -0.02), _ORIGIN, 0.056, _WHITE),
    Shape(5, _ORIGIN, (0.088, 0.0, 0.0), 0.045, _WHITE),
    Shape(6, _ORIGIN, (0.0, 0.0, 0.135), 0.05, _WHITE, FOREARM),
)


def frame_offset(joint: Joint) -> tuple[np.ndarray, np.ndarray]:
    """Position [3] and rotation [3, 3] of a joint's frame in the one before, at angle 0."""
    cos, sin = np.cos(joint.alpha), np.sin(joint.alpha)
    rotation = np.array([[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]])
    return rotation @ np.array([joint.a, 0.0, joint.d]), rotation


_OFFSETS = tuple(frame_offset(joint) for joint in JOINTS)


def hand_pose(
    angles: jax.Array, position: jax.Array, rotation: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Where the TCPs of arms are.

    Args:
      angles: [..., 7] rad.
      position: [..., 3] of the arms' mounts (m).
      rotation: [..., 3, 3] of the mounts.

    Returns positions [..., 3] and rotations [..., 3, 3] of the hands, in the mounts' own world.
    """
    cos, sin = jnp.cos(angles), jnp.sin(angles)
    for i, (offset, turn) in enumerate(_OFFSETS):
        position = position + rotation @ jnp.asarray(offset, jnp.float32)
        rotation = _turned(rotation @ jnp.asarray(turn, jnp.float32), cos[..., i], sin[..., i])
    position = position + (FLANGE + TCP) * rotation[..., 2]
    return position, _turned(rotation, np.cos(HAND_TURN), np.sin(HAND_TURN))


def _turned(rotation: jax.Array, cos: jax.Array | float, sin: jax.Array | float) -> jax.Array:
    """rotation [..., 3, 3] @ Rot_z, column by column."""
    cos, sin = jnp.asarray(cos)[..., None], jnp.asarray(sin)[..., None]
    x, y, z = (rotation[..., i] for i in range(3))
    return jnp.stack([cos * x + sin * y, cos * y - sin * x, z], axis=-1)


def add_arm(
    parent: mujoco.MjsBody,
    side: str,
    position: np.ndarray,
    quaternion: np.ndarray,
    hand_bits: Contact,
) -> None:
    """Hangs an arm with its hand on a body.

    Args:
      parent: the body.
      side: "left" or "right", the prefix of all names.
      position, quaternion: of the arm's mount in the body's frame.
      hand_bits: what its forearm and hand collide with beside the rest, which differs by side.
    """
    body = parent.add_body(name=f"{side}_mount", pos=position, quat=quaternion, gravcomp=1)
    for i, (joint, (offset, turn)) in enumerate(zip(JOINTS, _OFFSETS, strict=True)):
        quat = np.zeros(4)
        mujoco.mju_mat2Quat(quat, turn.ravel())
        body = body.add_body(name=f"{side}_link{i + 1}", pos=offset, quat=quat, gravcomp=1)
        body.add_joint(
            name=f"{side}_joint{i + 1}",
            type=mujoco.mjtJoint.mjJNT_HINGE,
            axis=[0, 0, 1],
            range=[joint.low, joint.high],
            armature=ARMATURE,
        )
        _add_shapes(body, i, hand_bits)
    _add_hand(body, side)


def _add_shapes(body: mujoco.MjsBody, link: int, hand_bits: Contact) -> None:
    mass = MASSES[link]
    for shape in SHAPES:
        if shape.link != link:
            continue
        bits = hand_bits if shape.contact is FOREARM else shape.contact or Contact()
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=[*shape.start, *shape.end],
            size=[shape.radius, 0, 0],
            mass=mass,
            rgba=shape.colour,
            **bits.as_geom(),
        )
        mass = 0.0


def _add_hand(link: mujoco.MjsBody, side: str) -> None:
    quat = [np.cos(HAND_TURN / 2), 0, 0, np.sin(HAND_TURN / 2)]
    hand = link.add_body(name=f"{side}_hand", pos=[0, 0, FLANGE], quat=quat, gravcomp=1)
    hand.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=[0, 0, 0.035],
        size=[0.03, 0.09, 0.03],
        mass=0.0,
        rgba=_DARK,
        **Contact().as_geom(),
    )
    for name, sign in (("finger1", 1.0), ("finger2", -1.0)):
        finger = hand.add_body(name=f"{side}_{name}", pos=[0, 0, FINGERS_AT], gravcomp=1)
        finger.add_joint(
            name=f"{side}_{name}",
            type=mujoco.mjtJoint.mjJNT_SLIDE,
            axis=[0, sign, 0],
            range=FINGER_RANGE,
            armature=ARMATURE,
        )
        across = sign * FINGER_RADIUS  # the finger's inner side is at 0 when the hand is closed
        finger.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=[0, across, 0.01, 0, across, TCP - FINGERS_AT],
            size=[FINGER_RADIUS, 0, 0],
            mass=FINGER_MASS,
            rgba=_DARK,
            **FINGER.as_geom(),
        )
