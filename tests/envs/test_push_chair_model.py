"""PushChair's bodies: kinematics against the published formula, distances against samples of the
surface, and what the simulation does with them."""

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from envs.push_chair import PushChair, model, panda, robot
from envs.push_chair.measures import tilt, ways_to_chair

# The manufacturer's table once more, a row a joint: a, d, alpha, and the limits.
TABLE = [
    (0, 0.333, 0, -2.8973, 2.8973),
    (0, 0, -90, -1.7628, 1.7628),
    (0, 0.316, 90, -2.8973, 2.8973),
    (0.0825, 0, 90, -3.0718, -0.0698),
    (-0.0825, 0.384, -90, -2.8973, 2.8973),
    (0, 0, 90, -0.0175, 3.7525),
    (0.088, 0, 90, -2.8973, 2.8973),
]
CONTROL_STEP = 25

to_chair = jax.jit(ways_to_chair)
tilt_of = jax.jit(tilt)


@pytest.fixture(scope="module")
def compiled() -> mujoco.MjModel:
    return PushChair.build_spec().compile()


def at(model: mujoco.MjModel, qpos) -> mujoco.MjData:
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_forward(model, data)
    return data


def any_pose(rng: np.random.Generator) -> np.ndarray:
    """qpos [40] with everything anywhere."""
    qpos = PushChair.normal_qpos.copy()
    qpos[:4] = rng.uniform([-2, -2, -3, 0], [2, 2, 3, 1.6])
    for arm in robot.ARMS:
        qpos[arm] = rng.uniform(*np.array(TABLE)[:, 3:].T)
    for finger in robot.FINGERS:
        qpos[finger : finger + 2] = rng.uniform(0, 0.04)
    qpos[22:25] = rng.uniform(-1, 1, 3)
    qpos[25:29] = Rotation.random(random_state=rng).as_quat()[[3, 0, 1, 2]]
    qpos[29:] = rng.uniform(-3, 3, 11)
    return qpos


def rot_x(degrees):
    return Rotation.from_euler("x", degrees, degrees=True).as_matrix()


def rot_z(angle):
    return Rotation.from_euler("z", angle).as_matrix()


def frame(rotation=None, translation=(0, 0, 0)) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = np.eye(3) if rotation is None else rotation
    matrix[:3, 3] = translation
    return matrix


def hand_by_table(qpos, side) -> np.ndarray:
    """The end effector's frame [4, 4] by the Denavit-Hartenberg formula."""
    x, y, yaw, lift = qpos[:4]
    sign = {"left": 1, "right": -1}[side]
    # The first joint turns about the axis that points sideways out of the shoulder, 0.30 m aside.
    base = frame(rot_z(yaw), (x, y, lift)) @ frame(None, (0.08, sign * (0.30 - 0.333), 0.42))
    base = base @ frame(rot_x(-90 * sign))
    angles = qpos[robot.ARMS[0 if side == "left" else 1]]
    for angle, (a, d, alpha, *_) in zip(angles, TABLE, strict=True):
        base = base @ frame(rot_x(alpha)) @ frame(None, (a, 0, 0))
        base = base @ frame(rot_z(angle)) @ frame(None, (0, 0, d))
    return base @ frame(rot_z(-np.pi / 4), (0, 0, 0.107)) @ frame(None, (0, 0, 0.1034))


def test_hands_are_where_the_published_table_says(compiled):
    rng = np.random.default_rng(0)
    poses = np.stack([any_pose(rng) for _ in range(16)])
    positions, rotations = jax.jit(jax.vmap(robot.hand_poses))(jnp.asarray(poses[:, :22]))
    for qpos, position, rotation in zip(poses, positions, rotations, strict=True):
        data = at(compiled, qpos)
        for i, side in enumerate(robot.SIDES):
            expected = hand_by_table(qpos, side)
            np.testing.assert_allclose(position[i], expected[:3, 3], atol=2e-6)
            np.testing.assert_allclose(rotation[i], expected[:3, :3], atol=2e-6)
            hand = data.body(f"{side}_hand")
            turn = hand.xmat.reshape(3, 3)
            np.testing.assert_allclose(turn, expected[:3, :3], atol=1e-7)
            tcp = hand.xpos + panda.TCP * turn[:, 2]
            np.testing.assert_allclose(tcp, expected[:3, 3], atol=1e-7)


def test_joints_and_drives_have_the_published_limits(compiled):
    for side in robot.SIDES:
        for i, row in enumerate(TABLE):
            assert tuple(compiled.joint(f"{side}_joint{i + 1}").range) == row[3:]
        for finger in ("finger1", "finger2"):
            assert tuple(compiled.joint(f"{side}_{finger}").range) == (0.0, 0.04)
    assert tuple(compiled.joint("lift").range) == (0.0, 1.6)
    assert compiled.nu == 20
    np.testing.assert_array_equal(compiled.actuator_ctrlrange, [[-1, 1]] * 20)
    np.testing.assert_array_equal(compiled.actuator_forcerange[:, 1], [500] * 4 + [100] * 16)
    speeds = compiled.actuator_gainprm[:18, 0] / -compiled.actuator_biasprm[:18, 2]
    np.testing.assert_allclose(speeds, [0.5, 0.5, 3.14, 0.5] + [3.14] * 14)
    np.testing.assert_array_equal(-compiled.actuator_biasprm[:18, 2], [1000] * 4 + [100] * 14)


def test_indices_are_the_models(compiled):
    address = {compiled.joint(j).name: compiled.jnt_qposadr[j] for j in range(compiled.njnt)}
    velocity = {compiled.joint(j).name: compiled.jnt_dofadr[j] for j in range(compiled.njnt)}
    for side, arm, finger in zip(robot.SIDES, robot.ARMS, robot.FINGERS, strict=True):
        assert [address[f"{side}_joint{i + 1}"] for i in range(7)] == list(range(40))[arm]
        assert [address[f"{side}_finger{i}"] for i in (1, 2)] == [finger, finger + 1]
    assert [address[f"base_{name}"] for name in ("x", "y", "yaw")] == list(range(40))[robot.BASE]
    assert address["lift"] == robot.LIFT
    assert (address["chair"], address["chair_swivel"]) == (model.CHAIR.start, model.SWIVEL)
    casters = [address[f"caster{i}_swivel"] for i in range(5)]
    assert casters == list(range(40))[model.CASTERS]
    assert velocity["chair"] == model.CHAIR_VELOCITY.start == model.CHAIR_SPIN.start - 3
    assert velocity["chair_swivel"] == model.SWIVEL_SPEED
    assert (compiled.nq, compiled.nv) == (40, 39)


def surface_points(kind, size, rng, count) -> np.ndarray:
    """Points [count, 3] on a geom's surface, in its own frame."""
    sphere = rng.normal(size=(count, 3))
    sphere *= size[0] / np.linalg.norm(sphere, axis=1, keepdims=True)
    if kind == mujoco.mjtGeom.mjGEOM_SPHERE:
        return sphere
    if kind == mujoco.mjtGeom.mjGEOM_CAPSULE:
        side = sphere.copy()
        side[:, 2] = 0
        side *= size[0] / np.linalg.norm(side, axis=1, keepdims=True)
        side[:, 2] = rng.uniform(-size[1], size[1], count)
        sphere[:, 2] += np.sign(sphere[:, 2]) * size[1]
        return np.where(rng.uniform(size=(count, 1)) < 0.3, sphere, side)
    assert kind == mujoco.mjtGeom.mjGEOM_BOX
    points = rng.uniform(-size, size, (count, 3))
    face = rng.integers(3, size=count)
    points[np.arange(count), face] = rng.choice([-1, 1], count) * size[face]
    return points


def test_distances_to_the_chair_are_those_to_samples_of_its_surface(compiled):
    rng = np.random.default_rng(1)
    foot = compiled.body("chair").id
    geoms = np.flatnonzero(compiled.body_rootid[compiled.geom_bodyid] == foot)
    assert len(geoms) == 3 + 5 + 6 + 5
    qpos = any_pose(rng)
    data = at(compiled, qpos)
    queries = qpos[22:25] + rng.uniform(-1.3, 1.3, (100, 3))
    nearest = np.full(len(queries), np.inf)
    for geom in geoms:
        kind, size = compiled.geom_type[geom], compiled.geom_size[geom]
        local = surface_points(kind, size, rng, 10_000)
        points = data.geom_xpos[geom] + local @ data.geom_xmat[geom].reshape(3, 3).T
        between = np.linalg.norm(queries[:, None] - points[None], axis=2)
        nearest = np.minimum(nearest, between.min(axis=1))
    distance = np.linalg.norm(to_chair(queries, qpos), axis=1)
    outside = distance > 0
    assert outside.sum() > 60
    # Samples are a few millimetres apart, and a sample is never nearer than the surface.
    assert (nearest[outside] - distance[outside]).min() > -1e-5
    assert np.abs(nearest - distance)[outside].max() < 0.01
    assert np.abs(nearest - distance)[outside].mean() < 1e-3


def test_a_point_in_a_cushion_has_no_distance():
    points = np.zeros((100, 3))
    points[:2] = [[-1.0, 0.0, 0.5], [-1.0, 0.0, 0.64]]
    lengths = np.linalg.norm(to_chair(points, PushChair.normal_qpos)[:2], axis=1)
    np.testing.assert_allclose(lengths, [0.0, 0.1], atol=1e-6)


def run(compiled, data, steps, ctrl=None):
    """Control steps with `ctrl`(step) held, at rest by default; yields after every physics step."""
    for step in range(steps):
        data.ctrl[:] = 0 if ctrl is None else ctrl(step)
        for _ in range(CONTROL_STEP):
            mujoco.mj_step(compiled, data)
            yield
    assert not data.warning.number.any()


def chair_tilt(data) -> float:
    return float(tilt_of(jnp.asarray(data.qpos)))


def test_the_chair_fills_the_published_box_and_stands_for_an_episode(compiled):
    data = at(compiled, PushChair.normal_qpos)
    parts = compiled.body_rootid[compiled.geom_bodyid] == compiled.body("chair").id
    corners = []
    signs = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T
    for geom in np.flatnonzero(parts):
        local = compiled.geom_aabb[geom, :3] + signs * compiled.geom_aabb[geom, 3:]
        corners.append(local @ data.geom_xmat[geom].reshape(3, 3).T + data.geom_xpos[geom])
    # A leg's box is larger than the leg, which ends below the casters' reach.
    depth, width, height = np.ptp(np.concatenate(corners), axis=0)
    np.testing.assert_allclose([width, height, depth], [0.94, 1.30, 0.90], atol=0.05)
    for _ in run(compiled, data, 400):
        pass
    assert np.abs(data.qpos[22:25] - PushChair.normal_qpos[22:25]).max() < 2e-3
    assert chair_tilt(data) < 2e-3


def test_a_pushed_chair_rolls_and_comes_to_rest(compiled):
    for direction in ([1, 0, 0], [0, 1, 0], [-1, 0, 0]):
        data = at(compiled, PushChair.normal_qpos)
        data.qpos[0] = -5  # the robot out of the way
        seat = compiled.body("chair_seat").id
        data.xfrc_applied[seat, :3] = 20 * np.array(direction)
        for _ in run(compiled, data, 40):
            pass
        moved = (data.qpos[22:25] - PushChair.normal_qpos[22:25]) @ direction
        assert moved > 0.5
        assert chair_tilt(data) < 0.03
        data.xfrc_applied[:] = 0
        for _ in run(compiled, data, 60):
            pass
        assert np.abs(data.qvel[22:28]).max() < 0.05


def test_a_chair_pushed_hard_at_its_top_falls(compiled):
    data = at(compiled, PushChair.normal_qpos)
    back = compiled.body("chair_seat").id
    # 120 N at the seat with the moment that they have at 1.2 m.
    data.xfrc_applied[back] = [0, 120, 0, -120 * 0.7, 0, 0]
    for _ in run(compiled, data, 30):
        pass
    assert chair_tilt(data) > 0.2 * np.pi


def test_the_chair_lies_still_on_its_side_in_the_ood_start(compiled):
    data = at(compiled, PushChair.ood_qpos)
    assert 0.4 * np.pi < chair_tilt(data) < 0.6 * np.pi
    for _ in run(compiled, data, 400):
        pass
    assert np.abs(data.qpos[22:] - PushChair.ood_qpos[22:]).max() < 2e-3
    assert np.abs(data.qpos[:4] - PushChair.ood_qpos[:4]).max() < 1e-3


def lift_at_the_back(compiled, data, limit):
    """A force (at most `limit`, N) at the top of the back, square to the column, that raises it."""
    seat = compiled.body("chair_seat").id
    rotation, origin = data.xmat[seat].reshape(3, 3), data.xpos[seat]
    point, column = origin + rotation @ [-0.3, 0, 1.2], rotation[:, 2]
    way = np.array([0, 0, 1]) - column[2] * column
    way /= max(np.linalg.norm(way), 1e-6)
    velocity = np.zeros(6)
    body = mujoco.mjtObj.mjOBJ_XBODY
    mujoco.mj_objectVelocity(compiled, data, body, seat, velocity, 0)
    speed = (velocity[3:] + np.cross(velocity[:3], point - origin)) @ way
    left = np.arccos(np.clip(column[2], -1, 1))
    force = np.clip(200 * left - 60 * speed, -limit, limit) * way
    data.qfrc_applied[:] = 0
    mujoco.mj_applyFT(compiled, data, force, np.zeros(3), point, seat, data.qfrc_applied)


@pytest.mark.parametrize(("limit", "upright"), [(60, False), (80, True)])
def test_the_strength_of_two_hands_sets_the_lying_chair_upright(compiled, limit, upright):
    # 100 N m in a shoulder are 118 N at the hand of an arm that is stretched out by 0.85 m.
    qpos = PushChair.ood_qpos.copy()
    qpos[0] = -5
    data = at(compiled, qpos)
    for _ in run(compiled, data, 80):
        lift_at_the_back(compiled, data, limit)
    assert (chair_tilt(data) < 0.02) is upright
    assert upright or chair_tilt(data) > 0.4 * np.pi


def test_the_base_drives_in_its_own_frame(compiled):
    qpos = PushChair.normal_qpos.copy()
    qpos[0], qpos[2] = -5, np.pi / 2
    data = at(compiled, qpos)
    for _ in run(compiled, data, 20, lambda _: [1, 0.5, 0, -1] + [0] * 16):
        pass
    # Half a second ahead, which is +y, a quarter to its left, -x; the lift goes down.
    np.testing.assert_allclose(data.qvel[:2], [-0.25, 0.5], atol=0.01)
    np.testing.assert_allclose(data.qpos[:2] - qpos[:2], [-0.25, 0.5], atol=0.05)
    assert data.qpos[3] == pytest.approx(0.9 - 0.5, abs=0.05)


def test_nothing_passes_through_anything_under_random_actions(compiled):
    rng = np.random.default_rng(3)
    limited = np.flatnonzero(compiled.jnt_limited)
    addresses, ranges = compiled.jnt_qposadr[limited], compiled.jnt_range[limited]
    touched = set()
    for start in (PushChair.normal_qpos, PushChair.ood_qpos) * 2:
        data = at(compiled, start)
        # Noise around a way that leads into the chair.
        way = rng.uniform(-0.5, 0.5, 20)
        way[[0, 3]] += [0.6, -0.3]
        for _ in run(compiled, data, 120, lambda _, way=way: way + rng.uniform(-0.5, 0.5, 20)):
            assert data.contact.dist.min(initial=0) > -0.03
            for geom in data.contact.geom:
                touched.add(frozenset(compiled.body_rootid[compiled.geom_bodyid[geom]]))
            assert np.abs(data.actuator_force[:4]).max() <= 500
            assert np.abs(data.actuator_force[4:]).max() <= 100
        beyond = np.maximum(
            ranges[:, 0] - data.qpos[addresses], data.qpos[addresses] - ranges[:, 1]
        )
        assert beyond.max() < 0.05
        assert np.abs(data.qvel[:22]).max() < 10
    chair, base = compiled.body("chair").id, compiled.body("base").id
    assert frozenset((base, chair)) in touched
