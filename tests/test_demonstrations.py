"""Demonstrations: which planned steps are kept, what they are worth to a learner, where they go."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from envs.starts import Mixture, Poses, Start
from envs.wrappers import VectorEnv
from lamour_jax.agents.sac.agent import make_sac
from lamour_jax.config import SACConfig
from lamour_jax.demonstrations import Demonstrations, joined, recoveries_of, relive
from lamour_jax.planning import Steps, summarised
from lamour_jax.recovery import make_rule
from tests.scripted import Scripted, program


def test_steps_of_recoveries_are_kept_up_to_their_ends():
    healthy = np.array([[0, 0], [1, 0], [1, 0], [1, 0]], bool)
    healthy = np.concatenate([healthy, [[0], [1], [1], [0]]], axis=1).astype(bool)
    terminated = np.zeros_like(healthy)
    terminated[2, 0] = True  # the first episode did its task, and what follows does not count
    terminated[3, 2] = True  # the third one fell again: no recovery
    at = np.arange(4.0)[:, None, None] + 10.0 * np.arange(3.0)[None, :, None]
    planned = summarised(Steps(at, -at, at + 0.5, at[..., 0], healthy, terminated))
    found = recoveries_of(planned)
    np.testing.assert_array_equal(found.qpos[:, 0], [0, 1, 2])
    np.testing.assert_array_equal(found.action[:, 0], [0.5, 1.5, 2.5])
    np.testing.assert_array_equal(found.was_healthy, [False, False, True])
    assert [len(part) for part in joined([found, found])] == [6] * 4


# Lies; stands up; stands farther up; falls, after it had stood.
STEPS = Demonstrations(
    qpos=np.array([[-1.0], [-0.5], [0.5], [0.8]], np.float32),
    qvel=np.full((4, 1), 50.0, np.float32),  # a clock that no episode comes to
    action=np.array([[-0.5], [0.5], [0.8], [-0.2]], np.float32),
    was_healthy=np.array([False, False, True, True]),
)


def test_steps_are_rewarded_as_the_learner_s_own():
    env = Scripted("ood")
    found = jax.jit(lambda: relive(STEPS, env, make_rule("lamour", [program(3.0)])))()
    np.testing.assert_allclose(found.obs[:, 0], STEPS.qpos[:, 0])
    np.testing.assert_allclose(found.next_obs[:, 0], STEPS.action[:, 0])
    np.testing.assert_allclose(found.reward, [0.0, 2.5, 2.8, 0.0], rtol=1e-6)
    np.testing.assert_allclose(found.aux_reward, [-4.5, 0.0, 0.0, -3.6], rtol=1e-6)
    np.testing.assert_array_equal(found.discount, [1.0, 1.0, 1.0, 0.0])
    np.testing.assert_array_equal(found.recovered, [0.0, 0.0, 1.0, 1.0])


@pytest.mark.parametrize("planned", [8, 2])
def test_so_many_of_a_batch_are_planned(planned):
    config = SACConfig(
        batch_size=8,
        planned_batch_size=planned,
        grad_updates_per_step=5,
        num_envs=4,
        random_steps=8,
        replay_capacity=64,
        critic_learning_rate=0.0,
        dropout_rate=0.0,
    )
    env = VectorEnv(Scripted("ood"), 4)
    rule = make_rule("lamour", [program(1.0)])
    agent = make_sac(config, env, rule, 10, demonstrations=STEPS, from_original=False)
    state = agent.init(jax.random.key(0), None)
    np.testing.assert_allclose(state.learner.planned.obs[:, 0], STEPS.qpos[:, 0])
    sac = agent.iterate.__self__
    batch = jax.jit(sac._batches)(state, jax.random.key(1))
    assert batch.obs.shape == (5, 8, 2)
    seen = (batch.obs[..., 1] == 50.0).sum(axis=1)
    np.testing.assert_array_equal(seen, planned)


def test_starts_are_of_either_kind_at_their_share():
    usual, other = (
        Start(np.array([-1.0])),
        Poses(np.array([[2.0], [3.0]]), np.array([[5.0], [6.0]])),
    )
    qpos, qvel = Mixture(usual, other, 0.25).sample_batch(jax.random.key(0), 4000, 1)
    assert set(zip(qpos[:, 0].tolist(), qvel[:, 0].tolist(), strict=True)) == {
        (-1.0, 0.0),
        (2.0, 5.0),
        (3.0, 6.0),
    }
    assert jnp.mean(qpos[:, 0] > 0.0) == pytest.approx(0.25, abs=0.03)


def test_episodes_begin_among_them():
    env = Scripted("ood").with_more_starts(Poses(STEPS.qpos[2:], STEPS.qvel[2:]), 1.0)
    robots = VectorEnv(env, 64).reset(jax.random.key(0)).robots
    assert set(np.asarray(robots.obs[:, 0])) == set(STEPS.qpos[2:, 0])
    assert robots.pipeline_state.was_healthy.all()  # a fall from there ends the episode
