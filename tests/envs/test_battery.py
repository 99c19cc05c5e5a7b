"""The fallen poses that ship: what each of them is, and that dropping a robot still gives them."""

import mujoco
import numpy as np
import pytest

import envs
from envs.battery import AT_REST, SEEDS, SIZES, has_battery, load_battery, make_poses
from envs.hopper import Hopper
from tests.scripted import Scripted

DEEP = 0.01  # m: contacts are soft, and a robot at rest sinks in by millimetres

# A chair that fell is no pose of a robot: PushChair has none.
each_robot = pytest.mark.parametrize("robot", [name for name in envs.names() if has_battery(name)])
each_part = pytest.mark.parametrize("part", ["training", "evaluation"])


@pytest.fixture(scope="module")
def world():
    """(robot, part) -> its environment at battery starts."""
    made = {}

    def make(robot, part="evaluation"):
        if (robot, part) not in made:
            evaluation = part == "evaluation"
            made[robot, part] = envs.make(robot, "battery", "native", evaluation=evaluation)
        return made[robot, part]

    return make


def placed(model, qpos):
    """mjData with positions and contacts computed for qpos [nq]."""
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_fwdPosition(model, data)
    return data


def shape(robot, qpos):
    """Poses [N, nq] without their place on the floor."""
    return qpos[:, 2 if robot == "ant" else 1 :]


@each_robot
@each_part
def test_poses_are_unhealthy_and_at_rest(world, robot, part):
    env = world(robot, part)
    poses = env.start
    assert poses.qpos.shape == (SIZES[part], env.model.nq)
    assert poses.qvel.shape == (SIZES[part], env.model.nv)
    assert poses.qpos.dtype == poses.qvel.dtype == np.float32
    assert np.isfinite(poses.qpos).all()
    assert np.abs(poses.qvel).max() <= AT_REST
    for qpos, qvel in zip(poses.qpos[::8], poses.qvel[::8], strict=True):
        assert not env.reset_to(qpos, qvel).healthy


@each_robot
@each_part
def test_robots_lie_on_the_floor_and_not_in_it(world, robot, part):
    model = world(robot, part).model
    floor = model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE
    for qpos in world(robot, part).start.qpos:
        contact = placed(model, qpos).contact
        on_floor = floor[contact.geom].any(axis=1)
        # A contact is there from a centimetre above the floor on, for the Ant, else from touching.
        assert on_floor.any()
        assert contact.dist[on_floor].min() > -DEEP
        assert contact.dist[~on_floor].min(initial=0.0) > -DEEP  # nor are its links in each other


@each_robot
@each_part
def test_joints_are_within_their_limits_and_orientations_have_one_name(world, robot, part):
    model, qpos = world(robot, part).model, world(robot, part).start.qpos
    for joint, first in enumerate(model.jnt_qposadr):
        if model.jnt_limited[joint]:
            low, high = model.jnt_range[joint]
            assert low - 0.02 < qpos[:, first].min() and qpos[:, first].max() < high + 0.02
            assert np.ptp(qpos[:, first]) > 0.4 * (high - low)  # and make use of them
        elif model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_HINGE:
            assert np.abs(qpos[:, first]).max() <= np.pi + 1e-6
        elif model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_FREE:
            quaternion = qpos[:, first + 3 : first + 7]
            np.testing.assert_allclose(np.linalg.norm(quaternion, axis=1), 1.0, atol=1e-5)
            assert (quaternion[:, 0] >= 0).all()


@each_robot
def test_no_two_poses_are_alike_so_evaluation_is_of_unseen_ones(robot):
    parts = [load_battery(robot, evaluation=evaluation).qpos for evaluation in (False, True)]
    shapes = shape(robot, np.concatenate(parts))
    for i in range(1, len(shapes)):
        assert np.abs(shapes[i] - shapes[:i]).max(axis=1).min() > 0.01


@each_robot
def test_dropping_the_robot_gives_the_shipped_poses(world, robot):
    env, seed = world(robot), SEEDS["evaluation"]
    made = make_poses(env, seed, 16)
    difference = np.abs(made.poses.qpos[:, None] - env.start.qpos[None]).max(axis=2).min(axis=1)
    # A fall is chaotic: on other processors some robots may well end up elsewhere.
    assert np.mean(difference < 1e-3) >= 0.75
    assert np.abs(made.poses.qvel).max() <= AT_REST
    assert made.tried >= 16 and 0.4 < made.unhealthy <= 1.0


def test_the_robots_with_a_battery():
    lacking = [name for name in envs.names() if not has_battery(name)]
    assert lacking == ["push_chair"]


def test_a_robot_without_a_battery_is_named():
    with pytest.raises(ValueError, match="scripted has no battery"):
        Scripted("battery")


class _Sideways(Scripted):
    """A slide that moves along x."""

    @classmethod
    def build_spec(cls):
        spec = super().build_spec()
        spec.joint("x").axis = [1, 0, 0]
        return spec


class _NeverFallen(Hopper):
    """A Hopper to which every state is healthy."""

    def is_healthy(self, physics):
        return physics.qpos[1] > -1.0


def test_what_cannot_be_dropped_says_why():
    with pytest.raises(ValueError, match="no floor"):
        make_poses(Scripted(), 0, 1)
    with pytest.raises(ValueError, match="up and down"):
        make_poses(_Sideways(), 0, 1)
    with pytest.raises(ValueError, match="0 of 20 drops of hopper"):
        make_poses(_NeverFallen("ood", "native"), 0, 1)
