"""The mobile robot with two arms: its model, its speed controllers, and where its hands are.

A base that moves in the plane and turns, a body that it lifts, two Pandas whose first joints point
sideways out of its shoulders. Every joint but the fingers' is driven by a speed controller: a force
proportional to the error of its velocity, up to a limit.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from envs.push_chair import panda
from envs.push_chair.contacts import LEFT_FOREARM, MOBILE_BASE, RIGHT_FOREARM, TORSO, Contact

SIDES = ("left", "right")
LIFT_RANGE = (0.0, 1.6)  # m
REST_LIFT = 0.9  # m
SHOULDER = (0.08, 0.30, 0.42)  # m ahead, to each side, above the lifted body

# In qpos and, as each of these joints has one number, in qvel.
BASE = slice(0, 3)  # x, y (m), yaw (rad)
LIFT = 3
ARMS = (slice(4, 11), slice(13, 20))  # left, right
FINGERS = (11, 20)  # the first of each hand; the second mirrors it
NUM_JOINTS = 22

_LEFT_MOUNT = np.array([SHOULDER[0], SHOULDER[1] - panda.JOINTS[0].d, SHOULDER[2]])
_MOUNTS = np.stack([_LEFT_MOUNT, _LEFT_MOUNT * [1, -1, 1]]).astype(np.float32)
# z of the left arm's mount points to the left, of the right one's to the right; x ahead.
_OUTWARD = np.array([[[1, 0, 0], [0, 0, sign], [0, -sign, 0]] for sign in (1, -1)], np.float32)

_GREY = (0.75, 0.76, 0.80, 1.0)
_DARK = (0.20, 0.20, 0.24, 1.0)
_HIDDEN = 3  # a group of geoms that pictures leave out


class Drive(NamedTuple):
    """A speed controller: the speed at action 1 (m/s or rad/s), N s/m or N m s/rad, and the
    largest force (N or N m)."""

    speed: float
    damping: float
    limit: float


PLANE_DRIVE = Drive(0.5, 1000.0, 500.0)
YAW_DRIVE = Drive(3.14, 1000.0, 500.0)
LIFT_DRIVE = Drive(0.5, 1000.0, 500.0)
ARM_DRIVE = Drive(3.14, 100.0, 100.0)
FINGER_TARGETS = (-0.01, 0.04)  # m at actions -1 and 1: below 0, a thin thing is still held
FINGER_STIFFNESS, FINGER_DAMPING, FINGER_LIMIT = 1000.0, 100.0, 100.0


def add_robot(spec: mujoco.MjSpec) -> None:
    """Puts the robot and its actuators into the world."""
    base = spec.worldbody.add_body(name="base", gravcomp=1)
    for name, kind, axis, armature in (
        ("base_x", mujoco.mjtJoint.mjJNT_SLIDE, [1, 0, 0], 0.0),
        ("base_y", mujoco.mjtJoint.mjJNT_SLIDE, [0, 1, 0], 0.0),
        ("base_yaw", mujoco.mjtJoint.mjJNT_HINGE, [0, 0, 1], 2.0),
    ):
        base.add_joint(name=name, type=kind, axis=axis, armature=armature)
    base.add_site(name="base")
    _add_base_shapes(base)
    body = base.add_body(name="body", gravcomp=1)
    body.add_joint(name="lift", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, 0, 1], range=LIFT_RANGE)
    _add_body_shapes(body)
    bits = (LEFT_FOREARM, RIGHT_FOREARM)
    for side, mount, outward, hand in zip(SIDES, _MOUNTS, _OUTWARD, bits, strict=True):
        quat = np.zeros(4)
        mujoco.mju_mat2Quat(quat, outward.astype(float).ravel())
        panda.add_arm(body, side, mount, quat, hand)
    _add_actuators(spec)


def _add_base_shapes(base: mujoco.MjsBody) -> None:
    # What others touch is a dome; what is seen, a drum.
    base.add_geom(
        name="base",
        type=mujoco.mjtGeom.mjGEOM_SPHERE,
        pos=[0, 0, 0.05],
        size=[0.28, 0, 0],
        mass=20.0,
        group=_HIDDEN,
        **MOBILE_BASE.as_geom(),
    )
    for height, half, radius, colour in ((0.13, 0.13, 0.28, _DARK), (0.55, 0.35, 0.08, _GREY)):
        base.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CYLINDER,
            pos=[0, 0, height],
            size=[radius, half, 0],
            mass=0.0,
            rgba=colour,
            **Contact().as_geom(),
        )


def _add_body_shapes(body: mujoco.MjsBody) -> None:
    ahead, aside, above = SHOULDER
    for name, ends, radius, mass in (
        ("trunk", [0, 0, -0.70, 0, 0, 0.40], 0.11, 10.0),
        ("shoulders", [ahead, -aside + 0.06, above, ahead, aside - 0.06, above], 0.07, 3.0),
    ):
        body.add_geom(
            name=name,
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=ends,
            size=[radius, 0, 0],
            mass=mass,
            rgba=_GREY,
            **TORSO.as_geom(),
        )
    head = [(0.0, 0.0, 0.64, 0.11, _GREY)]
    eyes = [(0.09, y, 0.66, 0.03, _DARK) for y in (-0.045, 0.045)]
    for x, y, z, radius, colour in head + eyes:
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_SPHERE,
            pos=[x, y, z],
            size=[radius, 0, 0],
            mass=0.0,
            rgba=colour,
            **Contact().as_geom(),
        )


def _add_actuators(spec: mujoco.MjSpec) -> None:
    # A site's velocity is in its own frame: the base's, wherever it faces.
    for axis, name in enumerate(("ahead", "aside")):
        gear = np.zeros(6)
        gear[axis] = 1.0
        _add_drive(spec, name, PLANE_DRIVE, "base", mujoco.mjtTrn.mjTRN_SITE, gear)
    _add_drive(spec, "turn", YAW_DRIVE, "base_yaw")
    _add_drive(spec, "lift", LIFT_DRIVE, "lift")
    for side in SIDES:
        for i in range(len(panda.JOINTS)):
            _add_drive(spec, f"{side}_joint{i + 1}", ARM_DRIVE, f"{side}_joint{i + 1}")
    low, high = FINGER_TARGETS
    for side in SIDES:
        _add_servo(
            spec,
            f"{side}_gripper",
            f"{side}_finger1",
            gain=FINGER_STIFFNESS * (high - low) / 2,
            bias=[FINGER_STIFFNESS * (high + low) / 2, -FINGER_STIFFNESS, -FINGER_DAMPING],
            limit=FINGER_LIMIT,
        )
        spec.add_equality(
            type=mujoco.mjtEq.mjEQ_JOINT,
            name1=f"{side}_finger2",
            name2=f"{side}_finger1",
            data=[0.0, 1.0, *[0.0] * 10],
        )


def _add_drive(
    spec: mujoco.MjSpec,
    name: str,
    drive: Drive,
    target: str,
    kind: mujoco.mjtTrn = mujoco.mjtTrn.mjTRN_JOINT,
    gear: np.ndarray | None = None,
) -> None:
    gain, bias = drive.damping * drive.speed, [0.0, 0.0, -drive.damping]
    _add_servo(spec, name, target, gain=gain, bias=bias, limit=drive.limit, kind=kind, gear=gear)


def _add_servo(
    spec: mujoco.MjSpec,
    name: str,
    target: str,
    *,
    gain: float,
    bias: list[float],
    limit: float,
    kind: mujoco.mjtTrn = mujoco.mjtTrn.mjTRN_JOINT,
    gear: np.ndarray | None = None,
) -> None:
    """A force of gain * action + bias . (1, length, velocity), within the limit."""
    spec.add_actuator(
        name=name,
        target=target,
        trntype=kind,
        gear=np.array([1.0, 0, 0, 0, 0, 0]) if gear is None else gear,
        gaintype=mujoco.mjtGain.mjGAIN_FIXED,
        biastype=mujoco.mjtBias.mjBIAS_AFFINE,
        gainprm=[gain, *[0.0] * 9],
        biasprm=[*bias, *[0.0] * 7],
        ctrlrange=[-1.0, 1.0],
        ctrllimited=True,
        forcerange=[-limit, limit],
        forcelimited=True,
    )


def rest(position: tuple[float, float], yaw: float) -> np.ndarray:
    """qpos [22] of the robot as it begins, at a place on the floor (m, rad)."""
    arm = [*panda.REST, panda.REST_FINGER, panda.REST_FINGER]
    return np.array([*position, yaw, REST_LIFT, *arm, *arm])


def hand_poses(qpos: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Positions [2, 3] (m) and rotations [2, 3, 3] of both TCPs (left, right) in the world.

    Args:
      qpos: [22] of the robot.
    """
    position, rotation = base_pose(qpos)
    body = position + jnp.array([0.0, 0.0, 1.0]) * qpos[LIFT]
    angles = jnp.stack([qpos[arm] for arm in ARMS])
    return panda.hand_pose(angles, body + _MOUNTS @ rotation.T, rotation @ _OUTWARD)


def base_pose(qpos: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Position [3] (m) and rotation [3, 3] of the base in the world."""
    x, y, yaw = qpos[BASE]
    cos, sin, zero = jnp.cos(yaw), jnp.sin(yaw), jnp.zeros(())
    rotation = jnp.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    return jnp.stack([x, y, zero]), rotation
