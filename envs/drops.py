"""An out-of-distribution start made by physics: a robot is turned over, let fall, and lies."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from envs.battery import AT_REST, SETTLE_SECONDS, distance_to_floor, height_index
from envs.roots import root_of


@dataclass(frozen=True)
class Drop:
    """How a robot is dropped.

    Attributes:
      height: metres between the floor and its lowest point.
      angles: roll, pitch, yaw of its root (rad, about the world's x, y, z, in this order).
    """

    height: float
    angles: tuple[float, float, float]


def lying_pose(model: mujoco.MjModel, qpos: np.ndarray, drop: Drop) -> np.ndarray:
    """Where a robot that holds the pose `qpos` [nq] comes to rest after `drop`: qpos [nq].

    Motors are off meanwhile; servos hold the angles of `qpos`.

    Raises:
      ValueError: the model has no floor, no root that can be turned, or it does not come to rest.
    """
    root = root_of(model)
    if root is None or not root.can_tilt:
        raise ValueError("the robot's root cannot be turned over: give the OOD start's qpos")
    data = mujoco.MjData(model)
    data.qpos[:] = root.turned(qpos, drop.angles)
    gap = distance_to_floor(model, data)
    data.qpos[height_index(model)] += drop.height - gap
    _hold(model, data)
    for _ in range(round(SETTLE_SECONDS / model.opt.timestep)):
        mujoco.mj_step(model, data)
    if data.warning.number[:].any() or not np.isfinite(data.qpos).all():
        raise ValueError("the robot's simulation blows up after the drop: check the model")
    if np.abs(data.qvel).max() > AT_REST:
        raise ValueError(
            f"the robot still moves {SETTLE_SECONDS:g} s after the drop: give the OOD start's qpos"
        )
    return np.array(data.qpos)


def _hold(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Sets position servos to the joints' present angles, and motors to nothing."""
    servos = (model.actuator_biastype == int(mujoco.mjtBias.mjBIAS_AFFINE)) & (
        model.actuator_biasprm[:, 1] != 0
    )
    on_joint = model.actuator_trntype == int(mujoco.mjtTrn.mjTRN_JOINT)
    for actuator in np.flatnonzero(servos & on_joint):
        joint = model.actuator_trnid[actuator, 0]
        data.ctrl[actuator] = data.qpos[model.jnt_qposadr[joint]]
