"""The texts for the model against the code: every number, name, sign and order."""

import re

import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

import envs
from envs import descriptions
from envs.physics import PhysicsState

PLAIN = ("ant", "half_cheetah", "hopper", "walker2d")  # whose state is of qpos and qvel alone
FREE_JOINT = {  # quantity -> (in qvel, offset)
    **{name: (False, 2 + i) for i, name in enumerate(("z", "qw", "qx", "qy", "qz"))},
    **{name: (True, i) for i, name in enumerate(("vx", "vy", "vz", "wx", "wy", "wz"))},
}


@pytest.fixture(scope="module", params=PLAIN)
def plain(request):
    return envs.make(request.param, engine="native")


@pytest.fixture(scope="module", params=(*PLAIN, "humanoid"))
def env(request):
    return envs.make(request.param, engine="native")


def rows(section: str) -> list[list[str]]:
    """The cells of a section's table, header dropped; a comma or a bar inside prose would show."""
    table = [line.split(" | ") for line in section.splitlines() if " | " in line]
    assert len({len(row) for row in table}) == 1
    return table[1:]


def observation(env, qpos, qvel) -> np.ndarray:
    none = jnp.zeros(0)
    state = PhysicsState(jnp.asarray(qpos), jnp.asarray(qvel), none, none)
    return np.asarray(env.reward_inputs(state))


def address(model: mujoco.MjModel, entry: str) -> tuple[bool, int]:
    """Where a state entry lives: (in qvel rather than qpos, index)."""
    joint_name, quantity = entry.split(".")
    joint = model.joint(joint_name)
    if joint.type[0] == mujoco.mjtJoint.mjJNT_FREE:
        in_qvel, offset = FREE_JOINT[quantity]
    else:
        kind = "position" if joint.type[0] == mujoco.mjtJoint.mjJNT_SLIDE else "angle"
        assert quantity in (kind, "velocity")
        in_qvel, offset = quantity == "velocity", 0
    return in_qvel, int((joint.dofadr if in_qvel else joint.qposadr)[0]) + offset


def test_state_entries_are_those_of_the_environment_in_order(plain):
    state = rows(descriptions.load(plain.name).state)
    assert [int(row[0]) for row in state] == list(range(plain.reward_input_size))
    qpos, qvel = plain.model.qpos0, np.zeros(plain.model.nv)
    before = observation(plain, qpos, qvel)
    for index, entry, *_ in state:
        in_qvel, where = address(plain.model, entry)
        moved = [qpos.copy(), qvel.copy()]
        moved[in_qvel][where] += 0.25
        changed = np.flatnonzero(observation(plain, *moved) != before)
        assert changed.tolist() == [int(index)], entry


def test_humanoids_state_is_joints_sensors_and_velocities_in_order():
    env = envs.make("humanoid", engine="native")
    joints = [env.model.joint(i).name for i in range(1, env.model.njnt)]
    expected = [f"{joint}.angle" for joint in joints] + ["head.z"]
    for part in ("left_hand", "left_foot", "right_hand", "right_foot"):
        expected += [f"{part}.{axis}" for axis in "xyz"]
    expected += [f"torso.{axis}_up" for axis in "xyz"] + [f"com.v{axis}" for axis in "xyz"]
    expected += [f"root.{name}" for name in ("vx", "vy", "vz", "wx", "wy", "wz")]
    expected += [f"{joint}.velocity" for joint in joints]
    state = rows(descriptions.load("humanoid").state)
    assert [row[1] for row in state] == expected
    assert [int(row[0]) for row in state] == list(range(env.reward_input_size))


def test_lengths_in_words_match(env):
    description = descriptions.load(env.name)
    assert f"A vector of {env.reward_input_size} numbers." in description.state
    assert f"A vector of {env.action_size} numbers in [-1, 1]" in description.action


def test_ranges_are_the_models(env):
    for _, entry, unit, limits, _ in rows(descriptions.load(env.name).state):
        joint_name, quantity = entry.split(".")
        if joint_name not in [env.model.joint(i).name for i in range(env.model.njnt)]:
            continue  # what a sensor tells
        joint = env.model.joint(joint_name)
        if quantity == "angle" and joint.type[0] == mujoco.mjtJoint.mjJNT_HINGE:
            assert unit == "rad"
        if quantity == "angle" and env.model.jnt_limited[joint.id]:
            low, high = map(float, limits.strip("[]").split(","))
            np.testing.assert_allclose([low, high], joint.range, atol=6e-4)
        elif limits != "any":
            assert quantity in ("qw", "qx", "qy", "qz") or quantity == "velocity"


def test_clipped_velocities_are_called_clipped(plain):
    fast = observation(plain, plain.model.qpos0, np.full(plain.model.nv, 1000.0))
    for index, entry, _, limits, _ in rows(descriptions.load(plain.name).state):
        if address(plain.model, entry)[0]:
            high = np.inf if limits == "any" else float(limits.strip("[]").split(",")[1])
            assert fast[int(index)] == min(high, 1000.0)


def test_actions_are_the_actuators_in_order(env):
    described = rows(descriptions.load(env.name).action)
    assert len(described) == env.model.nu
    for i, (index, joint, torque) in enumerate(described):
        assert int(index) == i
        assert joint == env.model.joint(env.model.actuator_trnid[i, 0]).name
        assert torque == f"{env.model.actuator_gear[i, 0]:g} N m"
        np.testing.assert_array_equal(env.model.actuator_ctrlrange[i], [-1, 1])


def test_the_starting_height_and_the_control_period(env):
    text = descriptions.load(env.name).robot
    data = mujoco.MjData(env.model)
    mujoco.mj_forward(env.model, data)
    height = data.body("torso").xpos[2]
    assert re.search(rf"(z = {height:g} m|centre {height:g} m above the floor)", text)
    assert f"held for {env.dt:g} s" in text


def test_half_cheetahs_height_counts_from_the_starting_height():
    env = envs.make("half_cheetah", engine="native")
    data = mujoco.MjData(env.model)
    data.qpos[1] = -0.2
    mujoco.mj_forward(env.model, data)
    assert data.body("torso").xpos[2] == pytest.approx(0.7 - 0.2)
    assert "minus 0.7 m" in descriptions.load("half_cheetah").state


@pytest.mark.parametrize(
    ("robot", "entry", "direction", "claim"),
    [
        ("ant", "hip_1.angle", (-1, 1, 0), "counter-clockwise"),
        ("ant", "hip_3.angle", (1, -1, 0), "sign as hip_1"),
        ("ant", "ankle_1.angle", (0, 0, -1), "positive bends the foot towards the belly"),
        ("ant", "ankle_2.angle", (0, 0, 1), "negative bends the foot towards the belly"),
        ("ant", "ankle_3.angle", (0, 0, 1), "negative bends the foot towards the belly"),
        ("ant", "ankle_4.angle", (0, 0, -1), "positive bends the foot towards the belly"),
        (
            "half_cheetah",
            "bthigh.angle",
            (-1, 0, 0),
            "positive swings the leg's lower end backward",
        ),
        ("half_cheetah", "bshin.angle", (-1, 0, 1), "lower end backward and up"),
        ("half_cheetah", "bfoot.angle", (-1, 0, 0), "positive swings the toe backward"),
        (
            "half_cheetah",
            "fthigh.angle",
            (-1, 0, 0),
            "positive swings the leg's lower end backward",
        ),
        ("half_cheetah", "fshin.angle", (-1, 0, 0), "lower end backward"),
        ("half_cheetah", "ffoot.angle", (-1, 0, 0), "positive swings the toe backward"),
        (
            "hopper",
            "thigh_joint.angle",
            (1, 0, 0),
            "negative swings the thigh's lower end backward",
        ),
        ("hopper", "leg_joint.angle", (1, 0, 0), "negative swings the leg's lower end backward"),
        ("hopper", "foot_joint.angle", (0, 0, 1), "positive lifts the toe"),
        ("walker2d", "thigh_joint.angle", (1, 0, 0), "negative swings the thigh's lower end"),
        ("walker2d", "leg_left_joint.angle", (1, 0, 0), "as the right"),
        ("humanoid", "abdomen_x.angle", (0, 1, 0), "positive swings hips and legs to the left"),
        ("humanoid", "abdomen_y.angle", (-1, 0, 0), "negative swings hips and legs forward"),
        ("humanoid", "right_hip_x.angle", (0, 1, 0), "negative swings the leg outward"),
        ("humanoid", "left_hip_x.angle", (0, -1, 0), "negative swings the leg outward"),
        (
            "humanoid",
            "left_hip_y.angle",
            (-1, 0, 0),
            "negative swings the thigh's lower end forward",
        ),
        ("humanoid", "right_knee.angle", (1, 0, 0), "negative bends it"),
        ("humanoid", "right_ankle_y.angle", (0, 0, -1), "positive lowers the toes"),
        ("humanoid", "right_shoulder1.angle", (0, 1, -1), "positive lets the arm down and inward"),
        ("humanoid", "left_shoulder1.angle", (0, 1, 1), "positive lifts the arm outward"),
        ("humanoid", "right_shoulder2.angle", (0, 1, 1), "positive lifts the arm's end upward"),
        ("humanoid", "left_shoulder2.angle", (0, 1, -1), "positive lowers the arm's end"),
        ("humanoid", "left_elbow.angle", (-1, -1, 1), "positive bends it further"),
        ("walker2d", "foot_joint.angle", (0, 0, 1), "positive lifts the toe"),
    ],
)
def test_signs_of_the_joints(robot, entry, direction, claim):
    """A positive turn moves the centre of the joint's own link in the direction claimed."""
    model = envs.make(robot, engine="native").model
    meaning = {row[1]: row[4] for row in rows(descriptions.load(robot).state)}[entry]
    assert claim in meaning
    joint = model.joint(entry.split(".")[0])
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    before = data.xipos[model.jnt_bodyid[joint.id]].copy()
    data.qpos[joint.qposadr[0]] += 0.1
    mujoco.mj_forward(model, data)
    moved = data.xipos[model.jnt_bodyid[joint.id]] - before
    assert np.all(
        moved[np.array(direction) != 0] * np.array(direction)[np.array(direction) != 0] > 0
    )


@pytest.mark.parametrize(
    ("robot", "point", "claim"),
    [
        ("half_cheetah", (0.6, 0, 0), "positive is nose down"),
        ("hopper", (0, 0, 0.2), "positive leans its top forward"),
        ("walker2d", (0, 0, 0.2), "positive leans its top forward"),
    ],
)
def test_sign_of_the_pitch(robot, point, claim):
    model = envs.make(robot, engine="native").model
    assert claim in {row[1]: row[4] for row in rows(descriptions.load(robot).state)}["rooty.angle"]
    data = mujoco.MjData(model)
    data.qpos[2] = 0.1
    mujoco.mj_forward(model, data)
    moved = data.body("torso").xmat.reshape(3, 3) @ point - point
    assert moved[2] < 0 if robot == "half_cheetah" else moved[0] > 0


def test_ants_angular_velocity_is_in_the_torsos_frame_and_its_velocity_in_the_worlds():
    model = envs.make("ant", engine="native").model
    data = mujoco.MjData(model)
    data.qpos[3:7] = [
        np.sqrt(0.5),
        np.sqrt(0.5),
        0,
        0,
    ]  # rolled by a quarter: own y is the world's z
    data.qvel[:6] = [0, 1, 0, 0, 1, 0]
    mujoco.mj_forward(model, data)
    mujoco.mj_comPos(model, data)
    velocity = np.zeros(6)
    mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_XBODY, 1, velocity, 0)
    np.testing.assert_allclose(velocity, [0, 0, 1, 0, 1, 0], atol=1e-12)


def test_no_text_gives_the_healthy_range_away(env):
    description = descriptions.load(env.name)
    for text in (description.robot, description.image, description.state, description.action):
        assert not re.search(r"health|recover|upside|threshold", text, re.IGNORECASE)


def test_every_description_is_found_and_others_are_refused():
    assert {*PLAIN, "humanoid"} <= set(descriptions.names())
    with pytest.raises(ValueError, match=r"'centipede'.*ant"):
        descriptions.load("centipede")


def test_vectors_leave_the_picture_out():
    description = descriptions.load("ant")
    assert "painted" in description.image
    assert "painted" not in description.vectors
    assert description.vectors.count("\n0 | ") == 2
