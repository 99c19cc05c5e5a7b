"""The rules of an episode, by a script: when it pays, when it ends, what the latch remembers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brax.envs import training

from tests.scripted import FALLEN, HEALTHY, Scripted


def play(env, positions, key=0):
    """The states after each of the actions."""
    state = env.reset(jax.random.key(key))
    states = [state]
    step = jax.jit(env.step)
    for position in positions:
        state = step(state, jnp.array([position]))
        states.append(state)
    return states


def flags(states, name):
    return [bool(getattr(state, name)) for state in states]


def test_from_ood_an_unhealthy_state_ends_only_after_a_healthy_one():
    states = play(Scripted("ood"), [FALLEN, FALLEN, HEALTHY, HEALTHY, FALLEN])
    assert flags(states, "healthy") == [False, False, False, True, True, False]
    assert flags(states, "terminated") == [False] * 5 + [True]
    assert flags(states, "done") == flags(states, "terminated")


def test_from_a_normal_start_the_first_unhealthy_state_ends():
    states = play(Scripted("normal"), [HEALTHY, FALLEN])
    assert flags(states, "healthy") == [True, True, False]
    assert flags(states, "terminated") == [False, False, True]


def test_reward_is_zero_while_unhealthy_and_the_tasks_reward_is_not():
    # The task pays 2 + position: 1 fallen, 2.5 at 0.5, 3 at 1.
    states = play(Scripted("ood"), [FALLEN, 0.5, HEALTHY, FALLEN])
    assert [float(state.reward) for state in states] == [0.0, 0.0, 2.5, 3.0, 0.0]
    assert [float(state.task_reward) for state in states] == [0.0, 1.0, 2.5, 3.0, 1.0]
    assert [float(state.metrics["task_reward"]) for state in states] == [0.0, 1.0, 2.5, 3.0, 1.0]


def test_actions_are_clipped():
    env = Scripted("normal")
    state = env.step(env.reset(jax.random.key(0)), jnp.array([7.0]))
    assert float(state.obs[0]) == 1.0


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("field", ["qpos", "qvel", "qacc_warmstart"])
def test_a_broken_simulation_ends_its_episode_with_finite_numbers(number, field):
    env = Scripted("normal")
    state = env.reset(jax.random.key(0))
    after = env.step(state, jnp.array([HEALTHY]))
    physics = after.pipeline_state.physics.replace(**{field: jnp.array([number])})
    # The fault appears within the step: the engine's answer is replaced.
    env.engine.step = lambda state, ctrl: physics
    broken = env.step(state, jnp.array([HEALTHY]))
    assert bool(broken.terminated) and bool(broken.done) and not bool(broken.valid)
    assert not bool(broken.healthy)
    assert float(broken.reward) == float(broken.task_reward) == 0.0
    np.testing.assert_array_equal(broken.obs, state.obs)
    assert bool(after.valid)


def wrapped(episode_length):
    """brax's own wrappers around two robots (they take keys of the old kind)."""
    env = training.wrap(Scripted("ood"), episode_length)
    return jax.jit(env.step), jax.jit(env.reset)(jax.random.split(jax.random.PRNGKey(0), 2))


def test_latch_survives_braxs_auto_reset():
    step, state = wrapped(episode_length=100)
    # Robot 0 stands up, falls and is reset; robot 1 lies all the time.
    ends = []
    for position in (HEALTHY, FALLEN, FALLEN, FALLEN, HEALTHY, FALLEN):
        state = step(state, jnp.array([[position], [FALLEN]]))
        ends.append(np.asarray(state.done).tolist())
    # Reset in the second step, its second episode may lie as long as it likes: no latch is left.
    assert ends == [[0, 0], [1, 0], [0, 0], [0, 0], [0, 0], [1, 0]]


def test_braxs_time_limit_ends_an_episode_that_never_recovers():
    step, state = wrapped(episode_length=3)
    seen = []
    for _ in range(4):
        state = step(state, jnp.full((2, 1), FALLEN))
        seen.append((float(state.done[0]), float(state.info["truncation"][0])))
    assert seen == [(0, 0), (0, 0), (1, 1), (0, 0)]
