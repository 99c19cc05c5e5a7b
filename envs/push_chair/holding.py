"""Chairs that arms hold up: states on the way from the lying chair to the standing one.

Random actions hardly ever get a hand below a lying chair and lift it. So states in which that is
done are made without any policy, as in reverse curricula (Florensa et al., 2017, arXiv 1707.05300):

- held: the chair tipped towards its side or back, the robot anyhow behind it with a hand below it,
  its speed controllers at rest. Mostly the chair falls past the arms; kept is where it comes to
  rest on them.
- walked: from those, lasting random actions, the lift mostly down. The chair lies again, or nearly,
  and the hands are on their way out from below it: the other way round, that is the way in.
- lying: the chair lies, the robot anyhow behind it.
- scattered: the chair stands, the robot on any side of it, its arms anyhow, as after a lift.

`python -m experiments.near_recovered` makes those that ship.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
from mujoco.batch import Batch
from scipy.spatial.transform import Rotation

from envs.battery import distance_to_floor
from envs.push_chair import model, panda, robot
from envs.push_chair.contacts import GROUND
from envs.push_chair.env import PushChair
from envs.push_chair.measures import ways_to_chair
from envs.push_chair.starts import wrapped
from envs.starts import Poses

# Of held chairs, in bins that hold equally many. Up to 35 degrees a chair that is let go falls onto
# its casters, at 91 it lies.
TILT_BINS = np.deg2rad([36.0, 45.0, 54.0, 63.0, 72.0, 80.0, 87.0])
MAX_OVERLAP = 0.02  # m
# Of a chair that counts as held (rad/s, m/s): arms at rest give way slowly.
MAX_SPIN, MAX_SPEED = 0.5, 0.35
WALKED_TILTS = np.deg2rad([50.0, 110.0])
MAX_WALKED_SPIN = 1.0  # rad/s
MAX_WALKED_DISTANCE = 0.25  # m from the nearer hand to the chair

_BATCH = 256  # robots that are simulated at once
_CHECKS = (8, 4, 4, 4)  # control steps between looks at whether the chair rests on the arms
_LONGEST_WALK = 30  # control steps
_DISTANCE, _LIFT = (0.45, 1.1), (0.0, 1.2)  # m: of the robot from the chair, and its lift
_ANGLE, _YAW, _ARMS = 1.2, 0.6, 1.2  # rad, half widths: around the rear, of facing it, of joints
# rad: where the chair falls to, seen from where the robot stands behind it, and which of its seat's
# sides is below: its back, its right, or what lies between.
_FALLS, _DOWN = (-0.85 * np.pi, -0.15 * np.pi), (-1.2 * np.pi, -0.4 * np.pi)
_LENGTH = 1.2  # m up the column and the back
_BELOW = 0.15  # m from a hand to the chair above it
_ABOVE_FLOOR = 0.05  # m


class States(NamedTuple):
    """The four kinds, the chair around (-1, 0)."""

    held: Poses
    walked: Poses
    lying: Poses
    scattered: Poses


def make_states(seed: int, held: int, walked: int, lying: int, scattered: int) -> States:
    """So many states of each kind; of held ones equally many in each of `TILT_BINS`, give or take
    one."""
    rng, physics = np.random.default_rng(seed), PushChair.build_spec().compile()
    on_arms = _held(rng, physics, held)
    return States(
        held=on_arms,
        walked=_walked(rng, physics, on_arms, walked),
        lying=_around(rng, physics, PushChair.ood_qpos, _ANGLE, lying),
        scattered=_around(rng, physics, PushChair.normal_qpos, np.pi, scattered),
    )


def tilts(qpos: np.ndarray) -> np.ndarray:
    """Of the chair (rad): [B] for qpos [B, 40]."""
    _, x, y, _ = qpos[:, model.CHAIR][:, 3:].T
    return np.arccos(np.clip(1 - 2 * (x * x + y * y), -1, 1))


def _held(rng: np.random.Generator, physics: mujoco.MjModel, count: int) -> Poses:
    num_bins = len(TILT_BINS) - 1
    wanted = np.bincount(np.arange(count) % num_bins, minlength=num_bins)
    found = Poses(np.empty((0, physics.nq)), np.empty((0, physics.nv)))
    while True:
        bins = np.digitize(tilts(found.qpos), TILT_BINS) - 1
        kept = [np.flatnonzero(bins == i)[:number] for i, number in enumerate(wanted)]
        print(f"  held: {sum(map(len, kept))} of {count}", flush=True)
        if all(len(rows) == number for rows, number in zip(kept, wanted, strict=True)):
            break
        found = Poses.joined([found, _come_to_rest(physics, _with_a_hand_below(rng, physics))])
    return _rows(found, np.concatenate(kept))


def _with_a_hand_below(rng: np.random.Generator, physics: mujoco.MjModel) -> np.ndarray:
    """qpos [_BATCH, 40] of tipped chairs that nothing holds yet."""
    kept = np.empty((0, physics.nq))
    while len(kept) < _BATCH:
        tilt, side = rng.uniform(TILT_BINS[0], TILT_BINS[-1]), rng.uniform(*_FALLS)
        pose = _tipped(physics, tilt, side, side - rng.uniform(*_DOWN))
        qpos = np.tile(pose, (8 * _BATCH, 1))
        _place_robot(rng, qpos, _ANGLE)
        qpos = qpos[_has_a_hand_below(qpos)]
        kept = np.concatenate([kept, qpos[_overlaps(physics, qpos) < MAX_OVERLAP]])
    return kept[:_BATCH]


def _tipped(physics: mujoco.MjModel, tilt: float, side: float, swivel: float) -> np.ndarray:
    """qpos [40] with the chair on the floor, tipped by `tilt` towards `side`, its seat turned by
    `swivel` (all rad; without a turn pi is its back, -pi / 2 its right)."""
    data = mujoco.MjData(physics)
    data.qpos[:] = PushChair.normal_qpos
    data.qpos[model.SWIVEL] = (swivel + np.pi) % (2 * np.pi) - np.pi
    pose = data.qpos[model.CHAIR]
    axis = np.array([-np.sin(side), np.cos(side), 0.0])
    mujoco.mju_axisAngle2Quat(pose[3:], axis, tilt)
    may_touch = np.flatnonzero(physics.geom_conaffinity & GROUND.contype)
    of_chair = physics.body_rootid[physics.geom_bodyid[may_touch]] == physics.body("chair").id
    pose[2] -= distance_to_floor(physics, data, may_touch[of_chair])
    return data.qpos.copy()


def _place_robot(rng: np.random.Generator, qpos: np.ndarray, half_width: float) -> None:
    """Puts the robot of qpos [B, 40] behind a point of the chair's column or back, within an angle
    (rad) to each side; its lift and arms anyhow."""
    count = len(qpos)
    upward = Rotation.from_quat(qpos[:, model.CHAIR][:, 3:], scalar_first=True).apply([0, 0, 1])
    middle = qpos[:, model.CHAIR][:, :2] + rng.uniform(0, _LENGTH, (count, 1)) * upward[:, :2]
    bearing = np.pi + rng.uniform(-half_width, half_width, count)
    way = np.stack([np.cos(bearing), np.sin(bearing)], axis=1)
    qpos[:, :2] = middle + rng.uniform(*_DISTANCE, (count, 1)) * way
    yaw = bearing + np.pi + rng.uniform(-_YAW, _YAW, count)
    qpos[:, 2] = wrapped(yaw)
    qpos[:, robot.LIFT] = rng.uniform(*_LIFT, count)
    low, high = np.array([(joint.low, joint.high) for joint in panda.JOINTS]).T
    for arm in robot.ARMS:
        angles = np.array(panda.REST) + rng.uniform(-_ARMS, _ARMS, (count, len(low)))
        qpos[:, arm] = np.clip(angles, low, high)


def _has_a_hand_below(qpos: np.ndarray) -> np.ndarray:
    """[B] bool for qpos [B, 40]: both hands are near the chair and clear of it and of the floor, at
    least one of them below it."""
    hands, ways = _hands(qpos)
    distance = np.linalg.norm(ways, axis=2)
    clear = (distance.min(axis=1) > 0.003) & (hands[..., 2] > _ABOVE_FLOOR).all(axis=1)
    below = ((distance < _BELOW) & (ways[..., 2] > 0)).any(axis=1)
    return clear & below & (distance.mean(axis=1) < 2 * _BELOW)


def _come_to_rest(physics: mujoco.MjModel, qpos: np.ndarray) -> Poses:
    """Lets chairs at qpos [B, 40] fall; those that come to rest on the arms."""
    batch = Batch(physics, len(qpos))
    batch.bind("qpos")[:] = qpos
    done = np.zeros(len(qpos), bool)
    found = []
    for control_steps in _CHECKS:
        batch.step(nstep=control_steps * PushChair.num_substeps)
        qpos, qvel = np.array(batch.bind("qpos")), np.array(batch.bind("qvel"))
        tilt = tilts(qpos)
        slow = np.linalg.norm(qvel[:, model.CHAIR_SPIN], axis=1) < MAX_SPIN
        slow &= np.linalg.norm(qvel[:, model.CHAIR_VELOCITY], axis=1) < MAX_SPEED
        rests = slow & (tilt > TILT_BINS[0]) & (tilt < TILT_BINS[-1]) & ~done
        rests[rests] = _is_sound(physics, qpos[rests])
        found.append(Poses(qpos, qvel).take(rests))
        done |= rests
    return Poses.joined(found)


def _walked(rng: np.random.Generator, physics: mujoco.MjModel, held: Poses, count: int) -> Poses:
    """States that lasting random actions lead to from held ones, most of them down."""
    high = np.flatnonzero(tilts(held.qpos) > TILT_BINS[3])
    return _first(count, lambda: _walk(rng, physics, held, rng.choice(high, _BATCH)))


def _walk(
    rng: np.random.Generator, physics: mujoco.MjModel, held: Poses, rows: np.ndarray
) -> Poses:
    batch, count = Batch(physics, len(rows)), len(rows)
    batch.bind("qpos")[:], batch.bind("qvel")[:] = held.qpos[rows], held.qvel[rows]
    action = rng.normal(0.0, 0.35, (count, physics.nu))
    action[:, robot.LIFT] = rng.uniform(-1.0, 0.3, count)
    batch.bind("ctrl")[:] = np.clip(action, -1.0, 1.0)
    last = rng.integers(2, _LONGEST_WALK, count)
    qpos, qvel = np.empty((count, physics.nq)), np.empty((count, physics.nv))
    for step in range(1, _LONGEST_WALK):
        batch.step(nstep=PushChair.num_substeps)
        qpos[last == step] = batch.bind("qpos")[last == step]
        qvel[last == step] = batch.bind("qvel")[last == step]
    tilt, (_, ways) = tilts(qpos), _hands(qpos)
    kept = (tilt > WALKED_TILTS[0]) & (tilt < WALKED_TILTS[1])
    kept &= np.linalg.norm(qvel[:, model.CHAIR_SPIN], axis=1) < MAX_WALKED_SPIN
    kept &= np.linalg.norm(ways, axis=2).min(axis=1) < MAX_WALKED_DISTANCE
    kept &= _is_sound(physics, qpos)
    return Poses(qpos, qvel).take(kept)


def _around(
    rng: np.random.Generator,
    physics: mujoco.MjModel,
    pose: np.ndarray,
    half_width: float,
    count: int,
) -> Poses:
    """States at rest with the chair as in qpos [40] and the robot anyhow beside it."""

    def draw() -> Poses:
        qpos = np.tile(pose, (_BATCH, 1))
        _place_robot(rng, qpos, half_width)
        hands, _ = _hands(qpos)
        clear = (hands[..., 2] > _ABOVE_FLOOR).all(axis=1)
        kept = qpos[clear & _is_sound(physics, qpos)]
        return Poses(kept, np.zeros((len(kept), physics.nv)))

    return _first(count, draw)


def _first(count: int, draw: Callable[[], Poses]) -> Poses:
    """So many states of as many draws as they take."""
    drawn: list[Poses] = []
    while sum(len(poses.qpos) for poses in drawn) < count:
        drawn.append(draw())
    return _rows(Poses.joined(drawn), np.arange(count))


@jax.jit
@jax.vmap
def _hands_of(qpos: jax.Array) -> tuple[jax.Array, jax.Array]:
    hands, _ = robot.hand_poses(qpos[: robot.NUM_JOINTS])
    return hands, ways_to_chair(hands, qpos)


def _hands(qpos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both hands' places [B, 2, 3] and ways to the chair's surface [B, 2, 3] (m)."""
    hands, ways = _hands_of(jnp.asarray(qpos, jnp.float32))
    return np.asarray(hands), np.asarray(ways)


def _is_sound(physics: mujoco.MjModel, qpos: np.ndarray) -> np.ndarray:
    """[B] bool: finite, and nothing is deep in another thing."""
    return np.isfinite(qpos).all(axis=1) & (_overlaps(physics, qpos) < MAX_OVERLAP)


def _overlaps(physics: mujoco.MjModel, qpos: np.ndarray) -> np.ndarray:
    """How deep (m) two things are in each other: [B]."""
    data, depths = mujoco.MjData(physics), []
    for row in qpos:
        data.qpos[:] = row
        mujoco.mj_fwdPosition(physics, data)
        depths.append(-data.contact.dist.min(initial=0.0))
    return np.array(depths)


def _rows(poses: Poses, which: np.ndarray) -> Poses:
    kept = poses.take(which)
    return Poses(kept.qpos.astype(np.float32), kept.qvel.astype(np.float32))
