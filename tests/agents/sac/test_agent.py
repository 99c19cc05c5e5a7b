"""SAC as an agent: what is collected, stored and counted, and a fault that reaches neither."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from envs.wrappers import VectorEnv
from lamour_jax import anchors
from lamour_jax.agents.sac.agent import _persistence, make_sac
from lamour_jax.config import SACConfig
from lamour_jax.networks import NORMALIZER, Actor
from lamour_jax.recovery import make_rule
from tests.scripted import Scripted, program

ROBOTS = 4
CONFIG = SACConfig(
    num_envs=ROBOTS,
    random_steps=10,  # of all robots: three steps of four
    replay_capacity=64,
    grad_updates_per_step=3,
    batch_size=8,
    hidden_sizes=(8, 8),
    dropout_rate=0.0,
)


@pytest.fixture(scope="module")
def agent():
    env = VectorEnv(Scripted("ood", episode_length=6), ROBOTS, pool_size=8)
    made = make_sac(CONFIG, env, make_rule("sac_zero"), num_updates=100, from_original=False)
    return made._replace(init=jax.jit(made.init), iterate=jax.jit(made.iterate))


@pytest.fixture(scope="module")
def state(agent):
    return agent.init(jax.random.key(0), None)


def test_it_begins_with_random_steps(agent, state):
    assert agent.env_steps(0) == int(state.learner.replay.inserted[0]) == 12
    assert int(state.updates) == 0
    actions = np.asarray(state.learner.replay.rows[0, :12, 2])
    assert np.abs(actions).max() <= 1 and np.std(actions) > 0.3


def test_episodes_are_whole_in_the_end():
    """Cut after 2 steps, and from half of the run on every second robot's after the task's 6; from
    then on it is remembered where they end by the rules."""
    env = VectorEnv(Scripted("ood", episode_length=6), ROBOTS, pool_size=8, episode_length=2)
    config = dataclasses.replace(CONFIG, whole_episodes_after=0.5, ending_batch_size=1)
    agent = make_sac(config, env, make_rule("sac_zero"), num_updates=60, from_original=False)
    state, iterate = jax.jit(agent.init)(jax.random.key(0), None), jax.jit(agent.iterate)
    longest, endings = np.zeros((2, ROBOTS), int), [0, 0]
    for _ in range(20):  # of three updates each
        late = int(state.updates >= 30)
        state, _ = iterate(state, None)
        longest[late] = np.maximum(longest[late], state.robots.steps)
        endings[late] = int(state.learner.endings.recorded[0])
    np.testing.assert_array_equal(longest, [[1] * ROBOTS, [5, 1] * (ROBOTS // 2)])
    assert endings[0] == 0 < endings[1]


def test_critics_normalise_by_what_random_steps_saw_and_keep_to_it():
    env = VectorEnv(Scripted("ood", episode_length=6), ROBOTS, pool_size=8)
    config = dataclasses.replace(CONFIG, critic_normalizes=True)
    agent = make_sac(config, env, make_rule("sac_zero"), num_updates=100, from_original=False)
    state = jax.jit(agent.init)(jax.random.key(0), None)
    seen = np.asarray(state.learner.replay.rows[0, :12, :2])
    expected = {"mean": seen.mean(0), "std": np.maximum(seen.std(0), 1e-2)}
    after, _ = jax.jit(agent.iterate)(state, None)
    for learner in (state.learner.learner, after.learner.learner):
        for params in (learner.critic, learner.target_critic):
            for name, value in expected.items():
                found = params["params"][NORMALIZER][name]
                np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-6)


def test_an_iteration_is_one_step_of_all_robots_and_its_updates(agent, state):
    after, metrics = agent.iterate(state, None)
    assert agent.env_steps(3) == 12 + ROBOTS
    assert agent.env_steps(3 * 2**40) == 12 + ROBOTS * 2**40  # in no 32 bits
    assert int(after.learner.replay.inserted[0]) == 12 + ROBOTS
    assert int(after.updates) == 3
    assert int(after.learner.learner.actor_optimizer[0].count) == 3
    assert all(np.isfinite(float(value)) for value in metrics.values())
    # The stored rows are the step: s before it, s' after it, even where a reset followed.
    before, now = np.asarray(state.robots.robots.obs), np.asarray(after.robots.robots.obs)
    rows, over = (
        np.asarray(after.learner.replay.rows[0, 12:16]),
        np.asarray(after.robots.steps) == 0,
    )
    assert over.any() and not over.all()
    np.testing.assert_array_equal(rows[:, :2], before)
    np.testing.assert_array_equal(rows[:, 6], before[:, 1] + 1)
    np.testing.assert_array_equal(rows[~over, 5:7], now[~over])
    np.testing.assert_array_equal(now[over, 1], 0.0)
    again, _ = agent.iterate(after, None)
    assert not np.array_equal(again.key, after.key)


def test_the_same_state_gives_the_same_iteration(agent, state):
    one, other = agent.iterate(state, None)[0], agent.iterate(state, None)[0]
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_array_equal(_numbers(a), _numbers(b))


def test_an_epoch_begins_with_a_fresh_pool(agent, state):
    fresh = agent.begin_epoch(state)
    assert not np.array_equal(fresh.robots.pool.obs, state.robots.pool.obs)
    np.testing.assert_array_equal(fresh.robots.robots.obs, state.robots.robots.obs)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_broken_robot_reaches_neither_replay_nor_statistics_nor_the_others(agent, state, number):
    episode = state.robots.robots.pipeline_state
    qpos = episode.physics.qpos.at[2, 0].set(number)
    faulty = state.replace(
        robots=state.robots.replace(
            robots=state.robots.robots.replace(
                pipeline_state=episode.replace(physics=episode.physics.replace(qpos=qpos))
            )
        )
    )
    sound, sound_metrics = agent.iterate(state, None)
    after, metrics = agent.iterate(faulty, None)
    assert float(sound_metrics["train/broken_robots"]) == 0
    assert float(metrics["train/broken_robots"]) == 1
    assert all(np.isfinite(float(value)) for value in metrics.values())
    assert int(after.learner.replay.inserted[0]) == 12 + ROBOTS - 1
    rows, sound_rows = (np.asarray(s.learner.replay.rows[0]) for s in (after, sound))
    np.testing.assert_array_equal(rows[12:15], sound_rows[[12, 13, 15]])
    assert np.isfinite(rows).all()
    assert int(after.robots.steps[2]) == 0
    others = np.array([0, 1, 3])
    for a, b in zip(
        jax.tree.leaves(after.robots.robots), jax.tree.leaves(sound.robots.robots), strict=True
    ):
        assert np.isfinite(np.asarray(a, float)).all()
        np.testing.assert_array_equal(np.asarray(a)[others], np.asarray(b)[others])
    # And training goes on.
    after, metrics = agent.iterate(after, None)
    assert float(metrics["train/broken_robots"]) == 0
    assert all(np.isfinite(x).all() for x in map(np.asarray, jax.tree.leaves(after.learner)))


def _numbers(leaf):
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return jax.random.key_data(leaf)
    return leaf


def test_noise_is_white_with_the_first_robot_and_lasts_longest_with_the_last():
    persist = np.asarray(_persistence(4, 27.0))
    # Lasting 1, 3, 9 and 27 steps.
    np.testing.assert_allclose(persist[:, 0], [0.0, 2 / 3, 8 / 9, 26 / 27], rtol=1e-5)
    np.testing.assert_array_equal(_persistence(4, 1.0), np.zeros((4, 1)))


def test_noise_stays_standard_normal_and_keeps_its_share_of_the_step_before(state):
    """Over many iterations: variance 1 with every robot, and the correlation of neighbours that
    its persistence says."""
    config = dataclasses.replace(CONFIG, longest_noise=9.0, random_steps=0, batch_size=1,
                                 grad_updates_per_step=1)  # fmt: skip
    env = VectorEnv(Scripted("ood", episode_length=6), ROBOTS, pool_size=8)
    agent = make_sac(config, env, make_rule("sac_zero"), num_updates=100, from_original=False)

    def step(state, _):
        state = agent.iterate(state, None)[0]
        return state, state.learner.noise[..., 0]

    run = jax.jit(lambda key: jax.lax.scan(step, agent.init(key, None), length=4000)[1])
    noise = np.asarray(run(jax.random.key(0)))
    # The slowest has some 4000 / 18 independent samples: a standard error of 0.1.
    np.testing.assert_allclose(noise.var(axis=0), 1.0, atol=0.3)
    neighbours = (noise[1:] * noise[:-1]).mean(axis=0) / noise.var(axis=0)
    np.testing.assert_allclose(neighbours, _persistence(ROBOTS, 9.0)[:, 0], atol=0.05)


def test_replay_begins_with_the_original_policys_episodes(monkeypatch):
    monkeypatch.setattr(anchors, "ROBOTS", 2)
    monkeypatch.setattr(anchors, "STEPS", 5)
    config = dataclasses.replace(CONFIG, anchor_batch_size=4, replay_originals_episodes=True)
    env = VectorEnv(Scripted("ood", episode_length=6), ROBOTS, pool_size=8)
    agent = make_sac(config, env, make_rule("lamour", [program(1.0)]), num_updates=100)
    original = Actor(1, (8, 8)).init(jax.random.key(1), jnp.zeros((1, 2)))
    state = jax.jit(agent.init)(jax.random.key(0), original)
    # Ten states of its own, then twelve of the random start.
    assert int(state.learner.replay.inserted[0]) == 10 + 12
    obs = np.asarray(state.learner.replay.rows[0, :22, :2])
    np.testing.assert_array_equal(obs[:10], state.learner.anchors.obs)
    assert (obs[:2, 0] > 0).all() and (obs[10:14, 0] < 0).all()  # normal starts, fallen ones
    after, metrics = jax.jit(agent.iterate)(state, original)
    assert float(metrics["recovery/anchor_loss"]) > 0
    np.testing.assert_array_equal(after.learner.anchors.obs, state.learner.anchors.obs)
