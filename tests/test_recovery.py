"""Which reward counts in which state, by method, and how a rollout keeps the parts apart."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from envs.wrappers import VectorEnv
from lamour_jax.networks import Actor
from lamour_jax.policy import policy_from_params
from lamour_jax.recovery import make_rule, total_reward
from lamour_jax.rollout import collect, random_actions
from lamour_jax.types import Transition
from lamour_jax.uncertainty import make_uncertainty
from tests.scripted import FALLEN, HEALTHY, Scripted

# The model's reward: minus the clock minus the action's size; recovered: a position above 0.5.
PROGRAM = SimpleNamespace(
    is_recovered=lambda state: (state[0] > 0.5).astype(jnp.int32),
    calculate_reward=lambda state, action: -state[1] - jnp.abs(action[0]),
    # Stands for a program that comes to no finite number where the position is over 0.9.
    is_sound=lambda state, action: state[0] <= 0.9,
)
# One robot that stays on the ground, one that gets up.
BEFORE = SimpleNamespace(
    obs=jnp.array([[0.5], [0.75]]), reward_inputs=jnp.array([[1.0, 0.0], [-1.0, 0.0]])
)
ACTIONS = jnp.array([[0.5], [-0.25]])
AFTER = SimpleNamespace(
    obs=jnp.array([[0.125], [0.25]]),
    reward=jnp.array([0.0, 3.0]),
    task_reward=jnp.array([1.0, 3.0]),
    reward_inputs=jnp.array([[-1.0, 4.0], [1.0, 5.0]]),
    healthy=jnp.array([False, True]),
)


def rewards_of(method, *needs):
    return make_rule(method, *needs)(BEFORE, ACTIONS, AFTER, jax.random.key(0))


def test_lamour_adds_the_models_reward_in_unhealthy_states_only():
    rewards = rewards_of("lamour", [PROGRAM])
    np.testing.assert_array_equal(rewards.reward, [0.0, 3.0])
    np.testing.assert_array_equal(rewards.aux_reward, [-4.5, 0.0])
    assert rewards.recovered.dtype == jnp.float32
    np.testing.assert_array_equal(rewards.recovered, [1.0, 0.0])  # of s, not of s'
    np.testing.assert_array_equal(rewards.sound, [True, False])


def test_sac_t2r_is_rewarded_by_a_program_and_held_nowhere():
    rewards = rewards_of("sac_t2r", [PROGRAM])
    np.testing.assert_array_equal(rewards.reward, [0.0, 3.0])
    np.testing.assert_array_equal(rewards.aux_reward, [-4.5, 0.0])
    np.testing.assert_array_equal(rewards.recovered, [0.0, 0.0])


def test_sac_zero_adds_nothing():
    rewards = rewards_of("sac_zero")
    np.testing.assert_array_equal(rewards.reward, [0.0, 3.0])
    np.testing.assert_array_equal(rewards.aux_reward, [0, 0])
    np.testing.assert_array_equal(rewards.recovered, [0, 0])


def test_sac_env_pays_the_tasks_reward_everywhere():
    rewards = rewards_of("sac_env")
    np.testing.assert_array_equal(rewards.reward, [1.0, 3.0])
    np.testing.assert_array_equal(rewards.aux_reward, [0, 0])
    np.testing.assert_array_equal(rewards.recovered, [0, 0])


def test_sero_subtracts_the_uncertainty_of_unhealthy_states_and_holds_by_that_of_s():
    rewards = rewards_of("sero", (), lambda obs, key: obs[..., 0])
    np.testing.assert_array_equal(rewards.reward, [0.0, 3.0])
    np.testing.assert_array_equal(rewards.aux_reward, [-0.125, 0.0])
    np.testing.assert_array_equal(rewards.recovered, [0.5, 0.25])
    assert rewards.sound.all()


def test_total_reward_weighs_the_second_part():
    parts = dict.fromkeys(Transition._fields, jnp.zeros(2))
    parts |= {"reward": jnp.array([3.0, 0.0]), "aux_reward": jnp.array([0.0, -4.0])}
    np.testing.assert_allclose(total_reward(Transition(**parts), 0.2), [3.0, -0.8], rtol=1e-6)


def test_unknown_method_lists_the_known():
    with pytest.raises(ValueError, match=r"'sarsa'.*lamour, .*sac_env, sac_zero, sac_t2r, sero"):
        make_rule("sarsa")


@pytest.mark.parametrize(("method", "need"), [("lamour", "program"), ("sero", "uncertainty")])
def test_without_what_a_method_needs_there_is_no_rule(method, need):
    with pytest.raises(ValueError, match=f"method {method} needs .*{need}"):
        make_rule(method)


def test_the_healthy_gate_consolidates_wherever_the_environment_is_content():
    rule = make_rule("lamour_healthy_gate", [PROGRAM])
    t = scripted_rollout([[FALLEN], [HEALTHY], [0.25], [FALLEN]], rule=rule)[2].transitions
    # The program's is_recovered says no to the position 0.25, the environment's rule yes.
    np.testing.assert_allclose(t.recovered[:, 0], [0, 0, 1, 1])
    np.testing.assert_allclose(t.aux_reward[:, 0], [-2, 0, 0, -5])


def scripted_rollout(script, *, start="ood", episode_length=50, rule=None):
    """`collect` with script [T, N] of positions, by LaMOuR unless told otherwise."""
    script = jnp.array(script)
    env = VectorEnv(Scripted(start, episode_length=episode_length), script.shape[1], 4)
    rule = rule or make_rule("lamour", [PROGRAM])

    def act(obs, key):
        # The clock (observed, and 0 at each start) tells the line of the script.
        line = obs[:, 1].astype(int)
        return script[line, jnp.arange(script.shape[1])][:, None], 2 * obs[:, 1]

    robots = jax.jit(env.reset)(jax.random.key(0))
    run = jax.jit(lambda robots, key: collect(env, rule, act, robots, key, script.shape[0]))
    after, rollout = run(robots, jax.random.key(1))
    return robots, after, rollout


def test_rollout_of_one_robot_that_recovers_and_falls():
    start, _, rollout = scripted_rollout([[FALLEN], [HEALTHY], [0.25], [FALLEN]])
    t = jax.tree.map(lambda x: x[:, 0], rollout.transitions)
    begin = float(start.robots.obs[0, 0])
    np.testing.assert_allclose(t.obs[:, 0], [begin, FALLEN, HEALTHY, 0.25])
    np.testing.assert_allclose(t.next_obs[:, 0], [FALLEN, HEALTHY, 0.25, FALLEN])
    np.testing.assert_allclose(t.action[:, 0], [FALLEN, HEALTHY, 0.25, FALLEN])
    # The task pays 2 + position, and nothing where unhealthy.
    np.testing.assert_allclose(t.reward, [0, 3, 2.25, 0])
    # In the unhealthy s' of steps 1 and 4: minus the clock there, minus the action's size.
    np.testing.assert_allclose(t.aux_reward, [-2, 0, 0, -5])
    # is_recovered of s, not of s'.
    np.testing.assert_allclose(t.recovered, [0, 0, 1, 0])
    np.testing.assert_allclose(t.discount, [1, 1, 1, 0])
    metrics = {name: float(value) for name, value in rollout.metrics.items()}
    assert metrics == pytest.approx(
        {
            "recovery/healthy": 2 / 4,
            "recovery/recovered": 1 / 4,
            "recovery/aux_reward": -7 / 4,
            "recovery/unsound_rewards": 1,  # s' of step 2
            "train/reward": 5.25 / 4,
            "train/broken_robots": 0,
        }
    )


def test_every_step_of_a_rollout_has_an_uncertainty_of_its_own():
    """What is measured is s' for the reward and s for the weight, with a key for each step."""

    def uncertainty(obs, key):
        # Of the state, plus a thousandth of the key's.
        return (1.0 - obs[..., 0]) / 2.0 + jax.random.uniform(key) / 1000

    script = [[FALLEN], [0.25], [0.25], [FALLEN]]
    _, _, rollout = scripted_rollout(script, rule=make_rule("sero", (), uncertainty))
    t = jax.tree.map(lambda x: x[:, 0], rollout.transitions)
    np.testing.assert_allclose(t.aux_reward, [-1, 0, 0, -1], atol=1.1e-3)
    np.testing.assert_allclose(t.recovered[1:], [0, 0.625, 0.625], atol=1.1e-3)
    assert len({float(x) for x in (t.aux_reward[0], t.aux_reward[3], *t.recovered[2:])}) == 4


def test_members_of_a_population_measure_uncertainty_as_each_would_alone():
    params = Actor(1, (8, 8)).init(jax.random.key(9), jnp.zeros((1, 2)))
    policy = policy_from_params("scripted", params, {})
    rule = make_rule("sero", (), make_uncertainty(policy, np.full(8, 0.1, np.float32)))
    env = VectorEnv(Scripted("ood"), 3, 4)

    def run(key):
        robots = env.reset(key)
        return collect(env, rule, random_actions(1), robots, key, 6)[1].transitions

    keys = jax.random.split(jax.random.key(0))
    together, alone = jax.jit(jax.vmap(run))(keys), jax.jit(run)
    for k, key in enumerate(keys):
        for ours, its in zip(together, alone(key), strict=True):
            np.testing.assert_allclose(ours[k], its, rtol=1e-4, atol=1e-6)
    assert not np.allclose(together.recovered[0], together.recovered[1])
    assert np.any(together.aux_reward < 0.0) and np.all(together.recovered < 1.0)


def test_time_limit_keeps_the_discount_and_the_true_next_observation():
    _, after, rollout = scripted_rollout([[HEALTHY], [0.5]], start="normal", episode_length=2)
    np.testing.assert_allclose(rollout.transitions.discount[:, 0], [1, 1])
    np.testing.assert_allclose(rollout.transitions.next_obs[1, 0], [0.5, 2.0])
    assert float(after.robots.obs[0, 1]) == 0.0


def test_broken_robots_are_counted_and_left_out_of_every_mean():
    script = [[HEALTHY, HEALTHY, HEALTHY], [HEALTHY, np.nan, HEALTHY]]
    _, after, rollout = scripted_rollout(script, start="normal")
    assert rollout.valid.tolist() == [[True] * 3, [True, False, True]]
    metrics = {name: float(value) for name, value in rollout.metrics.items()}
    # Five valid transitions, each healthy and paid 3; s is recovered where it exceeds 0.5.
    recovered = float(np.sum(np.asarray(rollout.transitions.recovered)[rollout.valid])) / 5
    assert metrics == pytest.approx(
        {
            "recovery/healthy": 1,
            "recovery/recovered": recovered,
            "recovery/aux_reward": 0,
            "recovery/unsound_rewards": 5,  # a broken robot's is not counted
            "train/reward": 3,
            "train/broken_robots": 1,
        }
    )
    assert int(after.steps[1]) == 0
