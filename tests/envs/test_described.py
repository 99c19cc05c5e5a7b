"""Robots by a description: Gymnasium's own environment as the standard, rules by hand, errors."""

import os
from types import SimpleNamespace

import gymnasium
import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

import envs
from envs.described import described_class
from envs.roots import root_of
from tests.pages import own_robots_page

BOX = """
<mujoco>
  <compiler angle="radian"/>
  <option timestep="0.005"/>
  <worldbody>
    <geom name="floor" type="plane" size="9 9 1"/>
    <body name="box" pos="0 0 0.2">
      <freejoint name="root"/>
      <geom type="box" size="0.3 0.2 0.1"/>
      <geom type="box" size="0.02 0.02 0.15" pos="0 0 0.2"/>
      <body name="arm" pos="0.3 0 0"><joint name="elbow" axis="0 1 0" range="-1 1"/>
        <geom type="capsule" size="0.03" fromto="0 0 0 0.2 0 0"/></body>
    </body>
  </worldbody>
  <actuator><motor name="bend" joint="elbow" ctrlrange="-3 5"/></actuator>
  <keyframe><key name="tipped" qpos="0 0 0.3 0.7071 0.7071 0 0 0.5"/></keyframe>
</mujoco>
"""
BOX_TOML = """
model = "box.xml"
task = "Slide forward."
substeps = 4
[healthy]
height = [0.05, 0.5]
max_tilt = 60
[reward]
forward = 2.0
alive = 0.5
control_cost = 0.25
[ood]
drop = { height = 0.1, roll = 180 }
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return own_robots_page(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def swimmer(page):
    return envs.make(str(page / "swimmer.toml"), "normal", "native")


@pytest.fixture
def box(tmp_path):
    """A function that writes a description of the box, with changes, and returns its path."""
    (tmp_path / "box.xml").write_text(BOX)

    def write(*changes: tuple[str, str]):
        text = BOX_TOML
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "box.toml"
        file.write_text(text)
        return file

    return write


def test_a_described_swimmer_is_gymnasiums(swimmer):
    """Observation and reward of steps from many states, but for float32."""
    peer = gymnasium.make("Swimmer-v5").unwrapped
    peer.reset(seed=1)
    rng = np.random.default_rng(1)
    reset, step = jax.jit(swimmer.reset_to), jax.jit(swimmer.step)
    for _ in range(5):
        qpos, qvel = rng.uniform(-0.5, 0.5, 5), rng.uniform(-1, 1, 5)
        action = rng.uniform(-1, 1, 2)
        peer.set_state(qpos, qvel)
        obs, reward, *_ = peer.step(action)
        begun = reset(jnp.asarray(qpos, jnp.float32), jnp.asarray(qvel, jnp.float32))
        np.testing.assert_allclose(begun.obs, [*qpos[2:], *qvel], atol=1e-6)
        reached = step(begun, jnp.asarray(action, jnp.float32))
        np.testing.assert_allclose(reached.obs, obs, atol=1e-4)
        assert float(reached.task_reward) == pytest.approx(reward, abs=1e-4)
    assert (swimmer.episode_length, swimmer.dt) == (500, pytest.approx(peer.dt))


@pytest.mark.parametrize(("heading", "healthy"), [(0.0, True), (1.49, True), (-1.51, False)])
def test_ranges_say_what_is_healthy(swimmer, heading, healthy):
    qpos = jnp.zeros(5).at[2].set(heading)
    state = swimmer.reset_to(qpos, jnp.zeros(5))
    assert bool(state.healthy) is healthy


@pytest.mark.parametrize(
    ("heading", "healthy"), [(0.4, True), (2 * np.pi - 0.4, True), (0.6, False), (np.pi, False)]
)
def test_a_cosine_judges_a_hinge_that_turns_without_end(page, heading, healthy):
    by_angle = 'ranges = { "qpos[2]" = [-1.5, 1.5] }'
    text = (page / "swimmer.toml").read_text()
    assert by_angle in text
    text = text.replace(by_angle, 'ranges = { "cos(qpos[2])" = [0.877, 1] }')  # 0.5 rad
    (page / "wound.toml").write_text(text.replace('name = "swimmer"', 'name = "wound"'))
    wound = envs.make(str(page / "wound.toml"), "normal", "native")
    state = wound.reset_to(jnp.zeros(5).at[2].set(heading), jnp.zeros(5))
    assert bool(state.healthy) is healthy


def test_the_swimmer_begins_where_its_description_says(swimmer, page):
    qpos, qvel = swimmer.draw_starts(jax.random.key(0), 512)
    assert 0.09 < np.abs(qpos).max() <= 0.1 and 0.09 < np.abs(qvel).max() <= 0.1
    ood = envs.make(str(page / "swimmer.toml"), "ood", "native")
    qpos, qvel = ood.draw_starts(jax.random.key(0), 512)
    np.testing.assert_allclose(qpos.mean(axis=0), [0, 0, 3.1416, 0, 0], atol=0.02)
    assert not qvel.any()
    assert ood.starts() == ("normal", "ood")
    with pytest.raises(ValueError, match="swimmer has no battery"):
        envs.make(str(page / "swimmer.toml"), "battery", "native")


def rotated(axis, degrees):
    quaternion = np.zeros(4)
    mujoco.mju_axisAngle2Quat(quaternion, np.array(axis, float), np.deg2rad(degrees))
    return quaternion


@pytest.mark.parametrize(
    ("height", "axis", "degrees", "healthy"),
    [
        (0.2, [1, 0, 0], 59, True),
        (0.2, [1, 0, 0], 61, False),
        (0.2, [0.6, 0.8, 0], -59, True),
        (0.2, [0, 1, 0], 180, False),
        (0.2, [0, 0, 1], 180, True),  # a turn about the vertical is no tilt
        (0.04, [1, 0, 0], 0, False),
        (0.51, [1, 0, 0], 0, False),
    ],
)
def test_height_and_tilt_of_a_free_root(box, height, axis, degrees, healthy):
    env = envs.make(str(box()), "normal", "native")
    state = SimpleNamespace(qpos=np.array([5, 5, height, *rotated(axis, degrees), 0.5]))
    assert bool(env.rule.holds(state)) is healthy


def test_height_of_a_sliding_root_is_its_bodys():
    """Gymnasium's HalfCheetah counts from 0 at 0.7 m, its Hopper from the floor."""
    for name, qpos, height in (("half_cheetah", -0.1, 0.6), ("hopper", 1.1, 1.1)):
        model = envs.make(name, "normal", "native").model
        pose = model.qpos0.copy()
        pose[1] = qpos
        data = mujoco.MjData(model)
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        root = root_of(model)
        assert root.body == "torso"
        assert root.height(pose) == pytest.approx(height)
        assert root.height(pose) == pytest.approx(data.body("torso").xpos[2])
        pose[2] = -7.0
        assert float(root.tilt(pose)) == pytest.approx(7.0)  # whole turns counted


def test_actions_are_stretched_to_the_actuators_range_and_rewards_added_up(box):
    env = envs.make(str(box()), "normal", "native")
    np.testing.assert_allclose(env.to_ctrl(jnp.array([-1.0])), [-3.0])
    np.testing.assert_allclose(env.to_ctrl(jnp.array([0.5])), [3.0])
    state = env.reset_to(
        jnp.asarray(env.normal_start().qpos, jnp.float32), jnp.zeros(7).at[0].set(1.0)
    )
    reached = jax.jit(env.step)(state, jnp.array([0.5]))
    moved = float(reached.pipeline_state.physics.qpos[0])
    assert 0.01 < moved < 0.03
    expected = 2.0 * moved / 0.02 + 0.5 - 0.25 * 0.5**2
    assert float(reached.task_reward) == pytest.approx(expected, abs=1e-4)
    # All of the state but the place on the floor.
    np.testing.assert_array_equal(state.obs[:6], state.pipeline_state.physics.qpos[2:])
    assert state.obs.shape == (13,)


def test_a_dropped_box_lies_on_its_lid(box):
    env = envs.make(str(box()), "ood", "native")
    lying = env.ood_qpos
    up = 1 - 2 * (lying[4] ** 2 + lying[5] ** 2)
    assert up < -0.5  # it tips over the mast, onto its lid or next to it
    assert 0.1 < lying[2] < 0.4
    data = mujoco.MjData(env.model)
    data.qpos[:] = lying
    for _ in range(100):
        mujoco.mj_step(env.model, data)
    np.testing.assert_allclose(data.qpos, lying, atol=1e-3)
    assert not bool(env.reset_to(jnp.asarray(lying, jnp.float32), jnp.zeros(7)).healthy)


def test_a_keyframe_is_a_start(box):
    file = box(("drop = { height = 0.1, roll = 180 }", 'keyframe = "tipped"\nqpos_noise = 0.01'))
    env = envs.make(str(file), "ood", "native")
    np.testing.assert_allclose(env.ood_qpos, [0, 0, 0.3, 0.7071, 0.7071, 0, 0, 0.5], atol=1e-4)


def test_written_texts_name_the_models_joints_in_the_order_of_the_state(box):
    file = box(('task = "Slide', 'name = "crate"\ntask = "Slide'))
    file.write_text(file.read_text() + '[description]\nrobot = "A crate."\n')
    env = envs.make(str(file), "normal", "native")
    description = env.description
    assert (env.name, description.robot) == ("crate", "A crate.")
    rows = [line.split(" | ") for line in description.state.splitlines()[2:]]
    assert [int(row[0]) for row in rows] == list(range(env.observation_size))
    assert rows[0][1:3] == ["root", "m"] and rows[0][4] == "position along world z of box"
    assert rows[1][4] == "orientation, quaternion's w of box"
    assert rows[5][1:4] == ["elbow", "rad", "[-1, 1]"]
    assert rows[12][1:3] == ["elbow velocity", "rad/s"]
    assert description.action.splitlines()[2] == (
        "0 | bend | force or torque of joint elbow | [-3, 5], gear 1"
    )
    assert "+x is to the right" in description.image


def test_a_name_is_the_same_from_any_folder(page, monkeypatch):
    monkeypatch.chdir(page)
    place = envs.canonical("swimmer.toml")
    monkeypatch.chdir(os.sep)
    assert envs.find(place) is described_class(page / "swimmer.toml")
    named = (place, "playground:CheetahRun", "a/b.py:Crab", "ant")
    assert [envs.label(name) for name in named] == ["swimmer", "CheetahRun", "Crab", "ant"]
    assert envs.canonical("hopper") == "hopper"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("substeps = 4", "substep = 4"), "substeps is missing"),
        (("substeps = 4", "substeps = 0.5"), "substeps must be a whole number"),
        (("substeps = 4", "substeps = 4\ncolour = 1"), "colour is not known here"),
        (("max_tilt", "max_tlit"), r"\[healthy\] max_tlit is not known here: did you mean"),
        (("max_tilt = 60", 'max_tilt = "far"'), r"\[healthy\] max_tilt must be a number"),
        (("[0.05, 0.5]", "[0.5, 0.05]"), r"\[healthy\] height must be \[lowest, highest\]"),
        (("[0.05, 0.5]", "[0.3, 0.5]"), r"\[normal\] begins unhealthy"),
        (("roll = 180", "yaw = 180"), r"\[ood\] begins healthy"),
        (("max_tilt = 60", 'ranges = {"qpos[9]" = [0, 1]}'), r"outside of the model's qpos, which"),
        (("max_tilt = 60", 'ranges = {"qpos[1:]" = [0, 1]}'), r"must be a single number"),
        (("max_tilt = 60", 'ranges = {"tan(qpos[1])" = [0, 1]}'), r"is not like qpos, qpos\[2\]"),
        (("forward = 2.0\nalive = 0.5", ""), "reward pays nothing"),
        (("drop = { height = 0.1, roll = 180 }", 'keyframe = "lost"'), "but the model has tipped"),
        (("drop = { height = 0.1, roll = 180 }", "qpos = [1, 2]"), "qpos must be 8 numbers, not 2"),
        (("drop = { height = 0.1, roll = 180 }", ""), "drop, keyframe or qpos has to be given"),
        (("box.xml", "crate.xml"), r"names .*crate.xml, which is not there"),
        (('task = "Slide forward."', "task = 3"), "task must be a text"),
        (('task = "Slide forward."', 'task = "Slide"\nname = "ant"'), "ships with this package"),
        (("[reward]", "[reward"), "is not TOML"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(box, change, complaint):
    file = box(change)
    with pytest.raises(ValueError, match=complaint) as caught:
        envs.make(str(file), "ood", "native")
    assert str(caught.value).startswith(str(file))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('ctrlrange="-3 5"', "", r"actuator without ctrlrange \(bend\)"),
        ('type="box" size="0.3 0.2 0.1"', 'type="bos"', "which MuJoCo cannot read"),
        ('<freejoint name="root"/>', "", r"\[healthy\] height needs a root that moves up"),
        ('<geom name="floor" type="plane" size="9 9 1"/>', "", "the model has no floor"),
    ],
)
def test_what_is_wrong_with_the_model_is_said_too(box, old, new, complaint):
    file = box()
    assert old in BOX
    text = BOX.replace(old, new)
    if "keyframe" in text and "freejoint" not in text:
        text = text[: text.index("<keyframe>")] + "</mujoco>"
    (file.parent / "box.xml").write_text(text)
    file.write_text(file.read_text() + "# of a changed model\n")
    with pytest.raises(ValueError, match=complaint):
        envs.make(str(file), "ood", "native")


def test_a_model_with_muscles_is_refused(box):
    file = box()
    motor = '<motor name="bend" joint="elbow" ctrlrange="-3 5"/>'
    muscle = '<general joint="elbow" dyntype="filter" ctrlrange="-1 1"/>'
    (file.parent / "box.xml").write_text(BOX.replace(motor, muscle))
    file.write_text(file.read_text() + "# of muscles\n")
    for engine in ("native", "mjx"):
        with pytest.raises(ValueError, match="not carried"):
            envs.make(str(file), "ood", engine)
