"""Planning: what a sequence is worth, when the original policy takes over, and that it gets up."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import envs
from lamour_jax.planning import REACH, Planner, Steps, plan_episodes, summarised, worth_of
from lamour_jax.recovery import make_rule
from tests.scripted import Scripted, program


def nothing(obs: jax.Array) -> jax.Array:
    """An original policy that lets the robot fall."""
    return jnp.full((len(obs), 1), -1.0)


def planner(env=None, original=nothing, **settings) -> Planner:
    rule = make_rule("lamour", [program(1.0)])
    world = Scripted("ood", episode_length=100) if env is None else env
    return Planner(world, rule, 0.5, original, **settings)


def test_a_sequence_is_worth_its_best_quarter_and_some_of_the_rest():
    # Sits for a good -1 a step; or leans into -3, and stands, for 2, in the last two steps.
    sitting, rising = [-1.0] * 8, [-3.0] * 6 + [2.0] * 2
    leaping = [-3.0] * 4 + [5.0] * 2 + [-3.0] * 2  # stands for a moment, and falls again
    rewards = jnp.asarray([sitting, rising, leaping]).T
    worth = worth_of(rewards, jnp.array([REACH, REACH, 0.0]))
    want = [-8.0, 0.7 * 8 * 2.0 + 0.3 * (-18.0 + 4.0), -12.0 + 10.0 - 6.0]
    np.testing.assert_allclose(worth, want, rtol=1e-6)
    assert sum(sitting) > sum(rising)  # and yet it rises
    assert worth[1] > worth[0] >= worth[2]


@pytest.mark.parametrize("has_end", [False, True])
def test_a_task_with_an_end_is_judged_by_the_sum_alone(has_end):
    world = Scripted("ood", episode_length=100)
    world.has_end = has_end
    plan = planner(world)
    lying = plan.begin(jnp.array([[-1.0]]), jnp.zeros((1, 1))).robots
    length = plan.horizon
    actions = jnp.where(jnp.arange(length) < length // 2, -0.5, 0.5)[:, None, None]
    worth = jax.jit(plan._score)(lying, actions, jnp.array([False]))
    total = -0.75 * (length // 2) + 2.5 * (length - length // 2)  # half the time -1.5, then 2.5
    np.testing.assert_allclose(
        worth, total if has_end else 0.7 * length * 2.5 + 0.3 * total, rtol=1e-5
    )


@pytest.fixture(scope="module")
def found():
    return plan_episodes(planner(), jax.random.key(0), 3, 40)


def test_it_gets_up_and_stays_up(found):
    assert found.steps.action.shape == (40, 3, 1)
    # One decision's four steps are the most that anybody may lie; nobody falls again.
    assert ((found.recovered_at > 0) & (found.recovered_at <= 4)).all()
    np.testing.assert_array_equal(found.lengths, 40)
    assert found.steps.action[-8:].mean() > 0.5  # farther up is paid better


def test_the_reward_counts_as_in_learning(found):
    at = np.clip(found.steps.action[..., 0], -1.0, 1.0)
    want = np.where(at > 0.0, 2.0 + at, 0.5 * -np.abs(at - 1.0))  # aux_coef times the program's
    np.testing.assert_allclose(found.steps.reward, want, rtol=1e-5, atol=1e-6)


class _Dance(Scripted):
    """Pays for the steps of a dance that changes too quickly for a plan's knots."""

    def compute_task_reward(self, before, after, action):
        return 3.0 - 10.0 * jnp.square(after.qpos[0] - _step(before.qvel[0]))


def _step(clock: jax.Array) -> jax.Array:
    return 0.5 + 0.4 * jnp.cos(2.5 * clock)


def test_the_original_policy_goes_on_where_it_does_better():
    dance = planner(_Dance("ood", episode_length=100), lambda obs: _step(obs[:, 1:]))
    found = plan_episodes(dance, jax.random.key(2), 2, 24)
    # The clock starts within half a step of 0: the dance's own steps are known from it.
    clock = found.steps.qvel[..., 0]
    danced = np.abs(found.steps.action[..., 0] - np.asarray(_step(clock))) < 1e-5
    assert not danced[0].any()  # it lies: nobody trusts the original policy there
    assert danced[8:].mean() > 0.8


def test_the_original_policy_does_not_go_on_where_it_fails():
    found = plan_episodes(planner(original=nothing), jax.random.key(3), 2, 24)
    assert (found.steps.action[4:] > -1.0).all()


def test_sequences_that_break_the_simulation_are_never_taken():
    class Brittle(Scripted):
        """Breaks where the action is above 0.9, which would be paid best."""

        def is_finite(self, physics):
            return physics.qpos[0] <= 0.9

    brittle = planner(Brittle("ood", episode_length=50), num_candidates=128)
    found = plan_episodes(brittle, jax.random.key(4), 3, 16)
    assert (found.steps.action <= 0.9).all() and (found.steps.action[8:] > 0.0).all()


def test_ends_of_episodes():
    def column(text: str) -> list[bool]:
        return [letter == "1" for letter in text]

    healthy = np.array([column(x) for x in ("001011", "000000", "111111", "011011", "001100")]).T
    terminated = np.zeros_like(healthy)
    terminated[5, 1] = True  # it fell for good with the last step
    terminated[3, 2] = True  # the task was done after four
    terminated[3, 4] = True  # and here: what follows does not count
    steps = Steps(*[np.zeros((6, 5))] * 4, healthy=healthy, terminated=terminated)
    found = summarised(steps)
    np.testing.assert_array_equal(found.lengths, [6, 6, 4, 6, 4])
    np.testing.assert_array_equal(found.recovered_at, [5, -1, 1, 5, 3])
    np.testing.assert_array_equal(found.accomplished, [0, 0, 1, 0, 1])


def test_actions_between_knots_are_linear():
    plan = planner()
    knots = jnp.arange(plan._num_knots, dtype=jnp.float32)[None, :, None]
    actions = np.asarray(plan._actions(knots))[:, 0, 0]
    np.testing.assert_allclose(np.diff(actions), np.diff(actions)[0], rtol=1e-4)
    assert actions[0] == 0.0 and actions[-1] == pytest.approx(plan._num_knots - 1)


def test_steps_are_the_physics_own():
    """Of the real robot: from each state, its action leads to the next state."""
    env = envs.make("hopper", "ood", "native")
    rule = make_rule("sac_env")
    hopper = Planner(env, rule, 0.0, lambda obs: jnp.zeros((len(obs), 3)), num_candidates=8)
    steps = plan_episodes(hopper, jax.random.key(0), 2, 8).steps
    replay = jax.jit(jax.vmap(env.reset_to))(steps.qpos[0], steps.qvel[0])
    for t in range(7):
        replay = jax.jit(jax.vmap(env.step))(replay, steps.action[t])
        np.testing.assert_array_equal(replay.pipeline_state.physics.qpos, steps.qpos[t + 1])
    assert np.ptp(steps.action) > 0.1
