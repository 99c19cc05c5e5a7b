"""PushChair's task: rewards by hand, how episodes end, where they begin, what the LVLM is told."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import envs
from envs import descriptions
from envs.physics import PhysicsState
from envs.push_chair import PushChair
from envs.push_chair.measures import Measures, measure
from envs.push_chair.reward import staged_reward

QUIET = jnp.zeros(20)
measure_of = jax.jit(measure)


def reward(d, distance, tilt=0.0, speed=0.0, spin=0.0, departure=0.0, action=QUIET) -> float:
    numbers = (d, distance, tilt, speed, spin, departure)
    return float(staged_reward(Measures(*map(jnp.float32, numbers)), action))


@pytest.mark.parametrize(
    ("measures", "expected"),
    [
        # Far from the chair: -d and, beyond a metre, nothing of the logarithm.
        ({"d": 2.0, "distance": 1.0}, -2.0),
        # Nearer: -0.5 + log(2) = 0.193 - 2e-5.
        ({"d": 0.5, "distance": 1.0}, -0.5 + np.log(1 / 0.50001)),
        ({"d": 0.5, "distance": 1.0, "tilt": 0.3}, -0.5 + np.log(1 / 0.50001) - 0.06),
        # At the chair: +2, and on the way -2 D.
        ({"d": 0.05, "distance": 1.0}, -0.05 + np.log(1 / 0.05001) + 2 - 2),
        ({"d": 0.0, "distance": 1.0}, 10 + 2 - 2),
        # Towards the target at 0.5 m/s: 2 (1 - exp(-0.5)) = 0.787; away from it, no less than -2.
        (
            {"d": 0.05, "distance": 1.0, "speed": 0.5, "departure": -0.5},
            -0.05 + np.log(1 / 0.05001) + 2 - 2 + 0.787,
        ),
        (
            {"d": 0.05, "distance": 1.0, "speed": 3.0, "departure": 3.0},
            -0.05 + np.log(1 / 0.05001) + 2 - 2 - 2,
        ),
        # Arrived: +2, 2 exp(-10 v), +2 at rest, +100; exactly on the edge it is there but no
        # success.
        ({"d": 0.05, "distance": 0.1, "speed": 0.2}, 2.9453 + 2 + 2 + 0.2707 + 100),
        ({"d": 0.05, "distance": 0.1, "speed": 0.05, "spin": 0.1}, 2.9453 + 6 + 1.2131 + 100),
        ({"d": 0.05, "distance": 0.15}, 2.9453 + 2 + 2 + 2 + 2),
        # Success without a hand at the chair.
        ({"d": 0.5, "distance": 0.1}, -0.5 + np.log(1 / 0.50001) + 100),
        # Fallen: none of the stages, wherever it lies.
        ({"d": 0.05, "distance": 0.1, "tilt": 0.63}, 2.9453 - 0.126),
        ({"d": 0.05, "distance": 0.1, "tilt": 0.62}, 2.9453 - 0.124 + 2 + 2 + 2 + 2 + 100),
    ],
)
def test_the_stages_of_the_reward(measures, expected):
    assert reward(**measures) == pytest.approx(expected, abs=1e-3)


def test_an_action_costs_its_length():
    rest, full = (reward(0.5, 1.0, action=jnp.full(20, a)) for a in (0.0, 1.0))
    assert rest - full == pytest.approx(1e-6 * np.sqrt(20), abs=2e-7)


def state(*, place=(-1.0, 0.0), tilt=0.0, axis="x", velocity=(0, 0, 0), spin=(0, 0, 0)):
    """(qpos, qvel) with the chair like that, the robot at its start behind it."""
    qpos, qvel = PushChair.normal_qpos.copy(), np.zeros(39)
    qpos[22:24] = place
    qpos[25:29] = Rotation.from_euler(axis, tilt).as_quat()[[3, 0, 1, 2]]
    qvel[22:25], qvel[25:28] = velocity, spin
    return jnp.asarray(qpos, jnp.float32), jnp.asarray(qvel, jnp.float32)


def test_measures_by_hand():
    measures = measure_of(
        *state(place=(0.6, -0.8), tilt=-0.4, velocity=(0.3, 0.4, 5), spin=(3, 0, 4))
    )
    assert float(measures.target_distance) == pytest.approx(1.0)
    assert float(measures.tilt) == pytest.approx(0.4, abs=1e-4)
    assert float(measures.speed) == pytest.approx(0.5)  # along the floor
    assert float(measures.spin) == pytest.approx(5.0)
    # (0.6, -0.8) . (0.3, 0.4) = -0.14: a little nearer.
    assert float(measures.departure) == pytest.approx(-0.14)
    np.testing.assert_array_equal(measures.reward_inputs, jnp.stack(measures[:5]))
    turned = measure_of(*state(tilt=2.0, axis="z"))
    assert float(turned.tilt) == pytest.approx(0.0, abs=1e-3)


def test_reward_inputs_are_what_the_text_says():
    [before, *_], table = measure_of(*state()), _rows(descriptions.load("push_chair").state)
    assert [row[1] for row in table] == [
        "hand_distance",
        "target_distance",
        "chair_tilt",
        "chair_speed",
        "chair_spin",
    ]
    assert float(before) > 0.3  # both hands are beside the chair
    moved = {
        "target_distance": {"place": (-1.5, 0.0)},
        "chair_tilt": {"tilt": np.pi / 2},
        "chair_speed": {"velocity": (0.0, 0.5, 0.0)},
        "chair_spin": {"spin": (0.5, 0.0, 0.0)},
    }
    expected = {
        "target_distance": 1.5,
        "chair_tilt": 1.57,
        "chair_speed": 0.5,
        "chair_spin": 0.5,
    }
    for i, (_, name, *_) in list(enumerate(table))[1:]:
        inputs = measure_of(*state(**moved[name])).reward_inputs
        assert float(inputs[i]) == pytest.approx(expected[name], abs=0.01)


def _rows(section):
    return [line.split(" | ") for line in section.splitlines() if " | " in line][1:]


def test_the_text_has_the_robots_numbers():
    description = descriptions.load("push_chair")
    env = envs.make("push_chair", engine="native")
    assert "A vector of 5 numbers." in description.state and env.reward_input_size == 5
    assert "A vector of 20 numbers in [-1, 1]" in description.action and env.action_size == 20
    assert f"held for {env.dt:g} s" in description.robot
    assert [int(row[0]) for row in _rows(description.state)] == list(range(5))
    rows = _rows(description.action)
    assert [int(row[0]) for row in rows] == list(range(20))
    drives = env.model.actuator_gainprm[:18, 0] / -env.model.actuator_biasprm[:18, 2]
    for row, speed, name in zip(rows, drives, _actuators(env), strict=False):
        assert float(row[2].split()[0]) == pytest.approx(speed)
        if name.endswith(tuple("1234567")):
            side, joint = name.split("_joint")
            assert row[1] == f"{side} arm, joint {joint}"
    assert _actuators(env)[:4] == ["ahead", "aside", "turn", "lift"]
    assert _actuators(env)[18:] == ["left_gripper", "right_gripper"]
    for text in (description.robot, description.image, description.state, description.action):
        assert not re.search(r"health|recover|upside(?! down)|threshold", text, re.IGNORECASE)


def _actuators(env):
    return [env.model.actuator(i).name for i in range(env.model.nu)]


class _Next:
    """An engine whose next state is written down beforehand; NaN where there is none."""

    name = "written"

    def init(self, qpos, qvel):
        return PhysicsState(qpos, qvel, jnp.zeros(1), jnp.zeros(0))

    def step(self, before, ctrl):
        # The script travels in the sensors: the distance and tilt to come to.
        return before


@pytest.fixture(scope="module")
def worlds():
    """kind of start -> (reset, step to a written state) of a world without physics, compiled."""
    made = {}
    for start in ("normal", "ood"):
        env = envs.make("push_chair", start, "native")
        env.engine = _Next()

        def step(state, qpos, qvel, env=env):
            after = PhysicsState(qpos, qvel, jnp.zeros(1), jnp.zeros(0))
            env.engine.step = lambda before, ctrl: after
            return env.step(state, QUIET)

        made[start] = jax.jit(env.reset_to), jax.jit(step)
    return made


def play(worlds, start, *states):
    """The states after each of (qpos, qvel)."""
    reset, step = worlds[start]
    reached = [reset(*states[0])]
    for qpos, qvel in states[1:]:
        reached.append(step(reached[-1], qpos, qvel))
    return reached


STANDS, LEANS, FELL = (state(tilt=share * np.pi) for share in (0.0, 0.15, 0.25))
THERE, FELL_THERE = state(place=(0.1, 0.0)), state(place=(0.1, 0.0), tilt=0.25 * np.pi)
LEANS_THERE = state(place=(0.1, 0.0), tilt=0.15 * np.pi)


def test_health_is_a_tenth_of_pi(worlds):
    for share, healthy in ((0.099, True), (0.101, False)):
        [reached] = play(worlds, "normal", state(tilt=share * np.pi))
        assert bool(reached.healthy) is healthy


@pytest.mark.parametrize("start", ["normal", "ood"])
@pytest.mark.parametrize(
    ("way", "ends"),
    [
        ([STANDS, STANDS, LEANS, STANDS, FELL], [0, 0, 0, 0, 1]),  # leaning is no end
        ([STANDS, THERE], [0, 1]),
        ([STANDS, LEANS_THERE], [0, 1]),  # success minds the larger tilt
        ([FELL, FELL, FELL_THERE, LEANS_THERE, STANDS, THERE], [0, 0, 0, 0, 0, 1]),
        ([FELL, STANDS, LEANS, FELL], [0, 0, 0, 1]),
    ],
)
def test_how_episodes_end(worlds, start, way, ends):
    reached = play(worlds, start, *way)
    assert [int(one.terminated) for one in reached] == ends


def test_a_fall_costs_in_the_original_task_alone_and_unhealthy_states_pay_nothing(worlds):
    way = [STANDS, LEANS, FELL]
    original, recovery = (play(worlds, start, *way) for start in ("normal", "ood"))
    for one, other in zip(original, recovery, strict=True):
        assert float(one.reward) == float(other.reward)
    assert [float(one.reward) for one in original[1:]] == [0.0, 0.0]
    falls = float(original[2].task_reward) - float(recovery[2].task_reward)
    assert falls == pytest.approx(-300.0, abs=1e-3)
    assert float(original[1].task_reward) == float(recovery[1].task_reward) != 0.0
    success = play(worlds, "ood", STANDS, THERE)[1]
    assert float(success.reward) == float(success.task_reward) > 90.0


def test_lengths_of_episodes():
    ood, normal = (envs.make("push_chair", start, "native") for start in ("ood", "normal"))
    assert (ood.episode_length, normal.episode_length) == (400, 100)
    assert ood.with_normal_start().episode_length == 100
    assert ood.episode_length == 400
    assert PushChair.starts() == ("normal", "ood")
    with pytest.raises(ValueError, match="push_chair has no battery"):
        envs.make("push_chair", "battery", "native")


@pytest.fixture(scope="module")
def drawn():
    made = {}
    for start in ("normal", "ood"):
        env = envs.make("push_chair", start, "native", evaluation=True)
        made[start] = [np.asarray(x) for x in env.draw_starts(jax.random.key(0), 2000)]
    return made


def angles(vectors):
    return np.arctan2(vectors[:, 1], vectors[:, 0])


def wrapped(angle):
    return (angle + np.pi) % (2 * np.pi) - np.pi


def uniform(values, low, high):
    assert low - 1e-4 <= values.min() and values.max() <= high + 1e-4
    np.testing.assert_allclose(values.mean(), (low + high) / 2, atol=0.04 * (high - low))
    np.testing.assert_allclose(values.std(), (high - low) / np.sqrt(12), rtol=0.06)


@pytest.mark.parametrize(("start", "turn"), [("normal", 0.4 * np.pi), ("ood", 0.0)])
def test_where_chair_and_robot_begin(drawn, start, turn):
    qpos, qvel = drawn[start]
    assert not qvel.any()
    nominal = PushChair.normal_qpos if start == "normal" else PushChair.ood_qpos
    np.testing.assert_allclose(qpos[:, 3:22], np.tile(nominal[3:22], (2000, 1)), atol=1e-6)
    np.testing.assert_allclose(qpos[:, 29:], np.tile(nominal[29:], (2000, 1)), atol=1e-6)
    chair = qpos[:, 22:24]
    distance = np.linalg.norm(chair, axis=1)
    uniform(angles(chair), -np.pi, np.pi)
    rotation = Rotation.from_quat(qpos[:, [26, 27, 28, 25]])
    facing = angles(rotation.apply([1.0, 0.0, 0.0]))
    off = wrapped(facing - angles(-chair))
    if start == "normal":
        uniform(distance, 0.8, 1.2)
        uniform(off, -turn, turn)
        np.testing.assert_allclose(rotation.apply([0, 0, 1.0])[:, 2], 1.0, atol=1e-6)
    else:
        np.testing.assert_allclose(distance, 1.0, atol=1e-6)
        np.testing.assert_allclose(off, off[0], atol=1e-5)
        assert abs(off[0]) < 0.01
        np.testing.assert_allclose(qpos[:, 24], nominal[24], atol=1e-6)
    behind = qpos[:, :2] - chair
    uniform(np.linalg.norm(behind, axis=1), 0.8, 1.2)
    uniform(wrapped(angles(behind) - facing - np.pi), -0.2 * np.pi - 0.01, 0.2 * np.pi + 0.01)
    uniform(wrapped(qpos[:, 2] - angles(-behind)), -0.05 * np.pi, 0.05 * np.pi)


def test_nothing_overlaps_where_it_begins(drawn):
    import mujoco

    compiled = PushChair.build_spec().compile()
    data = mujoco.MjData(compiled)
    for start in ("normal", "ood"):
        for qpos in drawn[start][0][:200]:
            data.qpos[:] = qpos
            mujoco.mj_fwdPosition(compiled, data)
            assert data.contact.dist.min(initial=0) > -1e-3


def test_observation_is_seen_from_the_robots_base_wherever_it_is():
    env = envs.make("push_chair", "normal", "native")
    observe = jax.jit(env.observe)

    def seen(qpos, qvel):
        none = jnp.zeros(0)
        arrays = (jnp.asarray(x, jnp.float32) for x in (qpos, qvel))
        return np.asarray(observe(PhysicsState(*arrays, none, none)))

    rng = np.random.default_rng(0)
    qpos, qvel = PushChair.normal_qpos.copy(), rng.uniform(-1, 1, 39)
    qpos[4:22] += rng.uniform(-0.1, 0.1, 18)
    turn = Rotation.from_euler("z", 1.2)
    quarter = qpos.copy(), qvel.copy()
    # The same scene turned about the target; qvel's spin is in the chair's own frame.
    quarter[0][:2] = turn.apply([*qpos[:2], 0])[:2]
    quarter[0][2] += 1.2
    quarter[0][22:25] = turn.apply(qpos[22:25])
    quarter[0][25:29] = turn.as_quat()[[3, 0, 1, 2]]
    quarter[1][:2] = turn.apply([*qvel[:2], 0])[:2]
    quarter[1][22:25] = turn.apply(qvel[22:25])
    one, other = seen(qpos, qvel), seen(*quarter)
    assert one.shape == (env.observation_size,)
    np.testing.assert_allclose(one, other, atol=3e-6)
    # The target is two metres ahead of a robot at its nominal start.
    np.testing.assert_allclose(one[-4:], [2.0, 0.0, 1.0, 0.0], atol=1e-6)
    assert np.abs(seen(qpos, 1e3 * qvel)).max() <= 10.0 + 1e-4


def test_the_example_belongs_to_the_question_for_code():
    description = descriptions.load("push_chair")
    assert description.example is not None and "chair" not in description.example.lower()
    assert descriptions.load("ant").example is None
    namespace = {}
    code = description.example[description.example.index("import numpy") :]
    exec(code, namespace)
    rewards = [namespace["calculate_reward"](np.array(s), np.zeros(3)) for s in _LID]
    assert rewards == sorted(set(rewards)) and rewards[-1] < 0
    assert [namespace["is_recovered"](np.array(s)) for s in _LID] == [0, 0, 0, 0, 1]


# Hands come nearer, take hold, and the lid rises.
_LID = [(1.0, 0.0), (0.2, 0.0), (0.05, 0.0), (0.02, 0.8), (0.02, 1.4)]
