"""Many robots: ends of episodes, fresh starts from the pool, and a fault that stays where it is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import envs
from envs.wrappers import VectorEnv
from tests.scripted import FALLEN, HEALTHY, Scripted


@pytest.fixture(autouse=True)
def _compiled(monkeypatch):
    for name in ("reset", "step", "refresh_pool"):
        monkeypatch.setattr(VectorEnv, name, jax.jit(getattr(VectorEnv, name), static_argnums=0))


def step(env, state, positions):
    return env.step(state, jnp.array(positions)[:, None])


def test_time_limit_and_end_by_the_rules_are_told_apart():
    env = VectorEnv(Scripted("normal", episode_length=3), 3, pool_size=4)
    state = env.reset(jax.random.key(0))
    # Robot 0 falls in step 2, robot 1 in step 3 exactly, robot 2 never.
    script = [[HEALTHY] * 3, [FALLEN, HEALTHY, HEALTHY], [HEALTHY, FALLEN, HEALTHY]]
    terminated, truncated, steps = [], [], []
    for positions in script:
        state, result = step(env, state, positions)
        terminated.append(result.terminated.tolist())
        truncated.append(result.truncated.tolist())
        steps.append(state.steps.tolist())
    assert terminated == [[False] * 3, [True, False, False], [False, True, False]]
    assert truncated == [[False] * 3, [False] * 3, [False, False, True]]
    assert steps == [[1, 1, 1], [0, 2, 2], [1, 0, 0]]


def test_result_keeps_the_terminal_observation_and_the_robot_stands_at_a_start():
    env = VectorEnv(Scripted("normal"), 2, pool_size=8)
    state = env.reset(jax.random.key(0))
    state, _ = step(env, state, [0.9, 0.9])
    after, result = step(env, state, [-0.25, 0.75])
    # obs is (position, clock): both robots' true state after two steps.
    np.testing.assert_array_equal(result.obs, [[-0.25, 2.0], [0.75, 2.0]])
    np.testing.assert_array_equal(result.reward_inputs, result.obs)
    assert result.healthy.tolist() == [False, True]
    assert after.robots.obs[0].tolist() in state.pool.obs.tolist()
    np.testing.assert_array_equal(after.robots.obs[1], [0.75, 2.0])


def test_an_environment_says_how_many_starts_are_kept_ready():
    robot = Scripted("normal")
    robot.pool_size = 3  # a reset of it is dear
    assert VectorEnv(robot, 5).reset(jax.random.key(0)).pool.obs.shape == (3, 2)


def test_next_episode_forgets_the_latch():
    env = VectorEnv(Scripted("ood", episode_length=50), 1)
    state = env.reset(jax.random.key(0))
    ends = []
    for position in (HEALTHY, FALLEN, FALLEN, FALLEN):
        state, result = step(env, state, [position])
        ends.append(bool(result.terminated[0]))
    assert ends == [False, True, False, False]


def test_resets_draw_all_of_the_pool_evenly():
    env = VectorEnv(Scripted("normal", episode_length=1), 64, pool_size=16)
    state = env.reset(jax.random.key(0))
    pool = np.asarray(state.pool.obs[:, 0])
    assert len(set(pool.tolist())) == 16
    drawn = []
    for _ in range(100):
        state, _ = step(env, state, [HEALTHY] * 64)
        drawn.append(np.asarray(state.robots.obs[:, 0]))
    counts = np.array([np.sum(np.array(drawn) == start) for start in pool])
    # 6400 draws: 400 each, with a standard deviation of 19.
    assert counts.sum() == 6400
    assert counts.min() > 300 and counts.max() < 500
    assert not np.array_equal(drawn[0], drawn[1])


def test_refresh_replaces_every_start_and_leaves_the_robots():
    env = VectorEnv(Scripted("normal"), 4, pool_size=16)
    state = env.reset(jax.random.key(0))
    fresh = env.refresh_pool(state)
    assert not set(np.asarray(fresh.pool.obs[:, 0]).tolist()) & set(
        np.asarray(state.pool.obs[:, 0]).tolist()
    )
    np.testing.assert_array_equal(fresh.robots.obs, state.robots.obs)
    again = env.refresh_pool(fresh)
    assert not np.array_equal(again.pool.obs, fresh.pool.obs)


def test_robots_begin_differently():
    state = VectorEnv(Scripted("ood"), 32).reset(jax.random.key(0))
    assert len(set(np.asarray(state.robots.obs[:, 0]).tolist())) == 32


def test_no_robot_is_an_error():
    with pytest.raises(ValueError, match="at least 1"):
        VectorEnv(Scripted(), 0)


def break_robot(state, robot: int, field: str, number: float):
    physics = state.robots.pipeline_state.physics
    value = getattr(physics, field).at[robot, 0].set(number)
    episode = state.robots.pipeline_state.replace(physics=physics.replace(**{field: value}))
    return state.replace(robots=state.robots.replace(pipeline_state=episode))


@pytest.mark.parametrize("robot", ["hopper", "ant"])
def test_a_fault_stays_with_its_robot(robot):
    env = VectorEnv(envs.make(robot, "ood", "native"), 6, pool_size=8)
    actions = jax.random.uniform(jax.random.key(1), (8, 6, env.env.action_size), minval=-1.0)
    sound = env.reset(jax.random.key(0))
    faults = {0: (1, "qpos", np.nan), 2: (4, "qvel", np.inf), 3: (1, "qvel", 1e20)}
    broken = sound
    for t, action in enumerate(actions):
        if t in faults:
            broken = break_robot(broken, *faults[t])
        sound, expected = env.step(sound, action)
        broken, result = env.step(broken, action)
        hit = [faults[t][0]] if t in faults else []
        assert np.flatnonzero(~np.asarray(result.valid)).tolist() == hit
        assert np.asarray(expected.valid).all()
        for robot_index in hit:
            assert bool(result.terminated[robot_index]) and int(broken.steps[robot_index]) == 0
            np.testing.assert_array_equal(result.reward[robot_index], 0.0)
        for leaf in jax.tree.leaves(broken.robots):
            assert np.isfinite(np.asarray(leaf, float)).all()
        others = [0, 2, 3, 5]
        for got, want in zip(jax.tree.leaves(result), jax.tree.leaves(expected), strict=True):
            np.testing.assert_array_equal(np.asarray(got)[others], np.asarray(want)[others])
    for got, want in zip(
        jax.tree.leaves(broken.robots), jax.tree.leaves(sound.robots), strict=True
    ):
        np.testing.assert_array_equal(np.asarray(got)[others], np.asarray(want)[others])


def test_training_may_cut_episodes_shorter_than_the_task():
    env = VectorEnv(Scripted("normal", episode_length=50), 2, pool_size=4, episode_length=2)
    state = env.reset(jax.random.key(0))
    cut = []
    for _ in range(4):
        state, result = env.step(state, jnp.full((2, 1), HEALTHY))
        cut.append(result.truncated.tolist())
    assert cut == [[False] * 2, [True] * 2] * 2
    limits = jnp.array([4, 1])
    for expected in ([False, True], [False, True], [False, True], [True, True]):
        state, result = env.step(state, jnp.full((2, 1), HEALTHY), limits)
        assert result.truncated.tolist() == expected
