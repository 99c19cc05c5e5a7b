"""Postures between lying and standing that the Humanoid's motors can hold.

Noise hardly ever gets a lying Humanoid onto its feet, and not once while it learns does it see what
standing up is worth. So states from which less is missing are made without any policy, as in
reverse curricula (Florensa et al., 2017, arXiv 1707.05300): a squat, as deep as it may be, its
centre of mass above its feet, behind or before them; the motors as servos hold its joints for a
second. What is at rest then, on its feet, hands, knees or seat, is kept.

`python -m experiments.near_recovered` makes those that ship.
"""

from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from envs.battery import distance_to_floor, settle
from envs.humanoid import Humanoid
from envs.starts import Poses

# Of the torso: it lies at 0.1 m and stands at 1.28 m. Between 0.52 and 0.72 m hardly any posture
# is at rest: there a squat tips over its heels.
HEIGHT_BINS = np.array(
    [0.12, 0.22, 0.32, 0.42, 0.52, 0.62, 0.72, 0.82, 0.92, 1.02, 1.15, 1.20, 1.25, 1.35]
)
MAX_SPEED = 0.6  # m/s, rad/s; no entry of qvel is larger

_BATCH = 2048  # postures that are tried at once
_SECONDS = 1.0  # of holding
_CLEARANCE = 0.005  # m above the floor, before
_BALANCED, _SEATED = 0.4, 0.35  # shares; the others lean forward
_OVER_FEET = (0.03, 0.03)  # m: mean and spread of the centre of mass before the ankles
_FARTHEST = 0.5  # m behind or before them
_KNEE, _LEAN, _ROLL = (0.2, 2.7), (-0.35, 1.4), 0.15  # rad
_LOOSE = 0.6  # of their ranges: how far the other joints of the deepest squats are from zero
_UNEVEN, _STEP = 0.25, 0.8  # share of postures with one thigh ahead (rad)
_THIGHS = np.linspace(-1.9, 0.35, 46)  # rad, tried in turn


@dataclass(frozen=True)
class _Joint:
    """Where an angle is in qpos, and its range (rad)."""

    index: int
    low: float
    high: float


def make_postures(seed: int, rounds: int, most: int) -> Poses:
    """Postures of so many rounds, each looking anyhow; at most so many of each of `HEIGHT_BINS`."""
    rng, model = np.random.default_rng(seed), Humanoid.build_spec().compile()
    found = []
    for done in range(1, rounds + 1):
        found.append(_held(model, np.stack([_squat(model, rng) for _ in range(_BATCH)])))
        held = sum(len(poses.qpos) for poses in found)
        print(f"  round {done} of {rounds}: {held} postures", flush=True)
    poses = Poses.joined(found)
    bins = np.digitize(poses.qpos[:, 2], HEIGHT_BINS) - 1
    kept = [np.flatnonzero(bins == i)[:most] for i in range(len(HEIGHT_BINS) - 1)]
    return poses.take(np.concatenate(kept))


def _held(model: mujoco.MjModel, qpos: np.ndarray) -> Poses:
    """Which of qpos [B, nq] the motors hold."""
    qpos, qvel, sound = settle(model, qpos, _SECONDS)
    qpos[:, :2] = 0.0
    return Poses(qpos, qvel).take(sound & (np.abs(qvel).max(axis=1) < MAX_SPEED))


def _squat(model: mujoco.MjModel, rng: np.random.Generator) -> np.ndarray:
    """qpos [nq] just above the floor: feet flat if they can be, the centre of mass where it was
    drawn, the other joints anyhow, the farther from zero the deeper the squat."""
    joints, data = _joints(model), mujoco.MjData(model)
    aim, depth = _aim_and_depth(rng)
    heading, lean = rng.uniform(-np.pi, np.pi), rng.uniform(*_LEAN) * min(1.0, 0.4 + depth)
    row = model.qpos0.copy()
    turn = Rotation.from_euler("ZYX", [heading, lean, rng.normal(0.0, _ROLL)])
    row[3:7] = turn.as_quat(scalar_first=True)
    for joint in joints.values():
        loose = _LOOSE * depth * rng.uniform()
        row[joint.index] = loose * rng.uniform(joint.low, joint.high)
    knee = -depth * rng.uniform(*_KNEE)
    ahead = rng.uniform(-_STEP, _STEP) if rng.uniform() < _UNEVEN else 0.0
    pelvis = lean + row[joints["abdomen_y"].index]
    best, least = row, np.inf
    for thigh in _THIGHS:
        data.qpos[:] = _with_legs(row, joints, pelvis, knee, thigh, ahead)
        flat = abs(pelvis + thigh - knee) < joints["left_ankle_y"].high
        miss = abs(_before_feet(model, data, heading) - aim) + (0.0 if flat else 0.3)
        if miss < least:
            best, least = data.qpos.copy(), miss
    data.qpos[:] = best
    best[2] += _CLEARANCE - distance_to_floor(model, data)
    return best


def _joints(model: mujoco.MjModel) -> dict[str, _Joint]:
    return {
        model.joint(i).name: _Joint(int(model.jnt_qposadr[i]), *map(float, model.jnt_range[i]))
        for i in range(1, model.njnt)  # the first one is the free joint
    }


def _aim_and_depth(rng: np.random.Generator) -> tuple[float, float]:
    """Where the centre of mass shall be before the ankles (m), and how deep the squat is, in
    [0, 1]."""
    kind = rng.uniform()
    if kind < _BALANCED:
        return rng.normal(*_OVER_FEET), rng.uniform()
    depth = rng.uniform(0.6, 1.0) if rng.uniform() < 0.7 else rng.uniform()
    if kind < _BALANCED + _SEATED:
        return rng.uniform(-_FARTHEST, 0.0), depth
    return rng.uniform(0.0, _FARTHEST), depth


def _with_legs(
    row: np.ndarray,
    joints: dict[str, _Joint],
    pelvis: float,
    knee: float,
    thigh: float,
    ahead: float,
) -> np.ndarray:
    """qpos [nq] with these angles of both legs (rad), the ankles such that the feet are flat below
    a pelvis that leans so far; the left thigh is `ahead` of the right one."""
    row = row.copy()
    for side, hip in (("left", thigh + ahead), ("right", thigh)):
        angles = {"knee": knee, "hip_y": hip, "ankle_y": -(pelvis + hip - knee)}
        for name, angle in angles.items():
            joint = joints[f"{side}_{name}"]
            row[joint.index] = np.clip(angle, joint.low, joint.high)
    return row


def _before_feet(model: mujoco.MjModel, data: mujoco.MjData, heading: float) -> float:
    """How far (m) the centre of mass is before the middle of the feet, for data's qpos."""
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    feet = (data.body("left_foot").xpos + data.body("right_foot").xpos) / 2
    way = (data.body("torso").subtree_com - feet)[:2]
    return float(way @ [np.cos(heading), np.sin(heading)])
