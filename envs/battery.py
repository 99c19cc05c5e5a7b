"""A battery of fallen poses: where else a robot may lie than in the one published state.

A random orientation, random joint angles, a drop from just above the floor; what comes to rest
there without being healthy is kept. While the robot falls its motors hold the drawn angles as
firmly as they can: left limp it slumps into always the same heap (every HalfCheetah that landed on
its back came to rest in a single pose). Each orientation has one name: the angle of a joint without
limits lies in [-pi, pi), a quaternion has w >= 0.

The poses ship with the package: they are the same on every machine, and cost nothing to have.
`python -m experiments.battery` makes them anew.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

import jax
import mujoco
import numpy as np
from mujoco.batch import Batch

from envs.starts import Poses, load_poses, poses_file

if TYPE_CHECKING:
    from envs.base import RecoveryEnv

SIZES = {"training": 256, "evaluation": 64}
SEEDS = {"training": 1, "evaluation": 2}
SETTLE_SECONDS = 6.0  # an Ant rocks on its round back for longer than the others move
AT_REST = 0.1  # no entry of qvel (m/s, rad/s) is larger in a pose that is kept
_MAX_OVERLAP = 0.01  # m
_CLEARANCE = 0.05  # m between the floor and the robot's lowest point before the fall
_MAX_ROUNDS = 20
# The motors' full torque is there at 0.1 rad off the drawn angle, or at 2 rad/s.
_STIFFNESS, _DAMPING = 10.0, 0.5


class Drops(NamedTuple):
    """What dropping a robot gave.

    Attributes:
      poses: those that are kept, in the order in which they fell.
      tried: how many drops it took.
      unhealthy: the share that ended unhealthy, of those that are not broken.
      restless: the share of these that were still moving, and are not kept.
      broken: how many blew up, or lay with two links in each other.
    """

    poses: Poses
    tried: int
    unhealthy: float
    restless: float
    broken: int


def has_battery(robot: str) -> bool:
    """Whether poses of a robot ship."""
    return poses_file("batteries", robot).is_file()


def load_battery(robot: str, *, evaluation: bool) -> Poses:
    """The shipped poses of a robot: those for evaluation, or those to train on.

    Raises:
      ValueError: it has none.
    """
    part = "evaluation" if evaluation else "training"
    if not has_battery(robot):
        raise ValueError(
            f"{robot} has no battery of fallen poses: start from ood, or give its class a"
            " `battery_start`"
        )
    return load_poses(poses_file("batteries", robot), f"{part}_")


def make_poses(env: RecoveryEnv, seed: int, count: int) -> Drops:
    """Drops a robot until `count` poses are found; of a smaller count they are the first ones of a
    larger. Native MuJoCo computes the fall, whatever the engine of `env`.

    Raises:
      ValueError: the robot cannot be placed on a floor, or hardly ever ends unhealthy and at rest.
    """
    rng = np.random.default_rng(seed)
    is_healthy = jax.jit(jax.vmap(lambda qpos, qvel: env.reset_to(qpos, qvel).healthy))
    rounds = []
    for _ in range(_MAX_ROUNDS):
        settled = settle(env.model, _random_poses(env.model, rng, count), SETTLE_SECONDS)
        rounds.append((*settled, np.asarray(is_healthy(*settled[:2]))))
        qpos, qvel, sound, healthy = (np.concatenate(parts) for parts in zip(*rounds, strict=True))
        fallen = sound & ~healthy
        moving = np.abs(qvel).max(axis=1) > AT_REST
        kept = np.flatnonzero(fallen & ~moving)[:count]
        if len(kept) == count:
            break
    else:
        raise ValueError(f"{len(kept)} of {len(qpos)} drops of {env.name} lie unhealthy at rest")
    return Drops(
        poses=Poses(qpos[kept], qvel[kept]),
        tried=len(qpos),
        unhealthy=float(fallen.sum() / sound.sum()),
        restless=float(moving[fallen].mean()),
        broken=int((~sound).sum()),
    )


def _random_poses(model: mujoco.MjModel, rng: np.random.Generator, count: int) -> np.ndarray:
    """qpos [count, nq] just above the floor: a limited joint anywhere within its limits, the
    orientation of the whole uniform, its place that of the model."""
    data = mujoco.MjData(model)
    height = height_index(model)
    rows = np.tile(model.qpos0, (count, 1))
    for row in rows:
        for joint, first in enumerate(model.jnt_qposadr):
            kind = model.jnt_type[joint]
            if kind == mujoco.mjtJoint.mjJNT_FREE:
                quaternion = rng.normal(size=4)
                row[first + 3 : first + 7] = quaternion / np.linalg.norm(quaternion)
            elif model.jnt_limited[joint]:
                row[first] = rng.uniform(*model.jnt_range[joint])
            elif kind == mujoco.mjtJoint.mjJNT_HINGE:
                row[first] = rng.uniform(-np.pi, np.pi)
        data.qpos[:] = row
        row[height] += _CLEARANCE - distance_to_floor(model, data)
    return rows


def height_index(model: mujoco.MjModel) -> int:
    """Where in qpos the height of the whole robot is."""
    for joint, first in enumerate(model.jnt_qposadr):
        if model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_FREE:
            return int(first) + 2
        slides = model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_SLIDE
        if slides and np.allclose(model.jnt_axis[joint], [0, 0, 1]):
            return int(first)
    raise ValueError("the model has no joint that moves the whole up and down")


def distance_to_floor(
    model: mujoco.MjModel, data: mujoco.MjData, geoms: np.ndarray | None = None
) -> float:
    """Metres between the floor and the lowest point of `geoms` (all but planes by default), for
    data's qpos."""
    mujoco.mj_kinematics(model, data)
    planes = model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE
    if not planes.any():
        raise ValueError("the model has no floor")
    floor = int(np.flatnonzero(planes)[0])
    return min(
        mujoco.mj_geomDistance(model, data, floor, int(geom), 100.0, None)
        for geom in (np.flatnonzero(~planes) if geoms is None else geoms)
    )


def settle(
    model: mujoco.MjModel, qpos: np.ndarray, seconds: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lets robots fall from qpos [B, nq] for so long, their motors holding the joints as firmly as
    they can: (qpos [B, nq], qvel [B, nv], both float32, and [B] bool, whether nothing went
    wrong)."""
    batch = Batch(_with_servos(model), len(qpos))
    batch.bind("qpos")[:] = qpos
    joints = model.actuator_trnid[:, 0]
    batch.bind("ctrl")[:] = model.actuator_gear[:, 0] * qpos[:, model.jnt_qposadr[joints]]
    batch.step(nstep=round(seconds / model.opt.timestep))
    qpos, qvel = np.array(batch.bind("qpos")), np.array(batch.bind("qvel"))
    sound = (batch.warning[:, :, 1].sum(axis=1) == 0) & np.isfinite(qpos).all(axis=1)
    sound[sound] = [_overlap(model, row) < _MAX_OVERLAP for row in qpos[sound]]
    return _one_name(model, qpos).astype(np.float32), qvel.astype(np.float32), sound


def _overlap(model: mujoco.MjModel, qpos: np.ndarray) -> float:
    """How deep (m) two links of the robot are in each other. Links of a planar robot that cross
    cannot leave each other."""
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_fwdPosition(model, data)
    planes = model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE
    depths = -data.contact.dist[~planes[data.contact.geom].any(axis=1)]
    return float(depths.max(initial=0.0))


def _with_servos(model: mujoco.MjModel) -> mujoco.MjModel:
    """The model with its motors made servos of the same strength that keep gear * angle at ctrl."""
    model = copy.copy(model)
    gear = np.abs(model.actuator_gear[:, 0])
    model.actuator_gainprm[:, 0] = _STIFFNESS / gear
    model.actuator_biastype[:] = mujoco.mjtBias.mjBIAS_AFFINE
    model.actuator_biasprm[:, 1] = -_STIFFNESS / gear
    model.actuator_biasprm[:, 2] = -_DAMPING / gear
    model.actuator_ctrllimited[:] = False
    model.actuator_forcelimited[:] = True
    model.actuator_forcerange[:] = [-1.0, 1.0]
    model.opt.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST  # the servos' damping is strong
    return model


def _one_name(model: mujoco.MjModel, qpos: np.ndarray) -> np.ndarray:
    """The same poses [B, nq] with each orientation by its one name."""
    for joint, first in enumerate(model.jnt_qposadr):
        if model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_FREE:
            qpos[:, first + 3 : first + 7] *= np.where(qpos[:, first + 3, None] < 0, -1, 1)
        elif model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_HINGE and not model.jnt_limited[joint]:
            angle = qpos[:, first]
            qpos[:, first] = (angle + np.pi) % (2 * np.pi) - np.pi
    return qpos
