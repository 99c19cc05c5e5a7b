"""A population is its members, trained as if each were alone, in one program."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from envs.wrappers import VectorEnv
from lamour_jax.agents.sac.agent import make_sac
from lamour_jax.compilation import Compilation
from lamour_jax.config import SACConfig, TrainConfig
from lamour_jax.memory import MemoryPlan
from lamour_jax.population import by_member, member, populate
from lamour_jax.programs import Programs
from lamour_jax.recovery import make_rule
from lamour_jax.runs import create_run, read_metrics
from lamour_jax.trainer import Diverged, train
from tests.scripted import Scripted, program

CONFIG = SACConfig(
    num_envs=4,
    random_steps=8,
    replay_capacity=64,
    grad_updates_per_step=2,
    batch_size=8,
    hidden_sizes=(8, 8),
    dropout_rate=0.0,
)


def make_agent(programs):
    env = VectorEnv(Scripted("ood", episode_length=6), CONFIG.num_envs, pool_size=8)
    return make_sac(CONFIG, env, make_rule("lamour", programs), num_updates=100)


def original():
    """Parameters of a policy to start from and to be held to."""
    from lamour_jax.networks import Actor

    return Actor(1, (8, 8)).init(jax.random.key(9), jnp.zeros((1, 2)))


def test_each_member_learns_as_it_would_alone():
    """Two reward programs with two seeds each."""
    weights, keys, start = (1.0, 50.0), jax.random.split(jax.random.key(5)), original()

    def iterated(agent):
        def twice(keys):
            state, _ = agent.iterate(agent.init(keys, start), start)
            return agent.iterate(agent.begin_epoch(state), start)

        return jax.jit(twice)

    agent = populate(make_agent([program(weight) for weight in weights]))
    together, metrics = iterated(agent)(jnp.concatenate([keys, keys]))
    for i, weight in enumerate(weights):
        train_alone = iterated(make_agent([program(weight)]))
        for j, key in enumerate(keys):
            alone, its_metrics = train_alone(key)
            k = 2 * i + j
            ours = member(together, k)
            assert int(ours.updates) == int(alone.updates) == 4
            for a, b in zip(
                jax.tree.leaves(ours.learner.learner), jax.tree.leaves(alone.learner.learner),
                strict=True,
            ):  # fmt: skip
                np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
            for name, value in its_metrics.items():
                np.testing.assert_allclose(metrics[name][k], value, rtol=1e-4, atol=1e-6)
    # The test can fail: other rewards and other seeds lead to other critics.
    critics = jax.tree.leaves(together.learner.learner.critic)
    for other in (1, 2):
        assert any(not np.allclose(leaf[0], leaf[other]) for leaf in critics)


def test_each_slice_goes_through_its_own_function():
    functions = [lambda x, y: x + y, lambda x, y: x * y, lambda x, y: x - y]
    x, y = jnp.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), jnp.array([10.0, 20.0])
    together = jax.jit(jax.vmap(by_member(functions), in_axes=(0, None)))(x, y)
    np.testing.assert_array_equal(together, [[11, 22], [30, 80], [-5, -14]])


def test_members_that_share_a_function_are_neighbours():
    functions = [lambda x, y: x + y, lambda x, y: x * y]
    x, y = jnp.arange(8.0).reshape(4, 2), jnp.array([10.0, 20.0])
    together = jax.jit(jax.vmap(by_member(functions), in_axes=(0, None)))(x, y)
    np.testing.assert_array_equal(together, [[10, 21], [12, 23], [40, 100], [60, 140]])


def test_every_function_is_computed_once():
    """As many sines as members: a switch under vmap would compute nine for three."""
    functions = [lambda x, k=k: jnp.sin(x + k) for k in range(3)]
    jaxpr = jax.make_jaxpr(jax.vmap(by_member(functions)))(jnp.zeros((3, 4)))
    assert str(jaxpr).count("sin ") == 3


def test_a_population_of_another_size_is_an_error():
    with pytest.raises(ValueError, match="2 functions cannot share 3 members"):
        jax.vmap(by_member([jnp.sin, jnp.cos]))(jnp.zeros(3))


def fake_programs(losses):
    """Programs whose epochs report losses [epoch][member]; no training takes place."""
    epochs = iter(losses)

    def epoch(state, original):
        loss = jnp.array(next(epochs))
        state = SimpleNamespace(updates=state.updates + 10)
        return state, {"train/critic_loss": loss, "recovery/healthy": jnp.zeros(len(loss))}

    first = SimpleNamespace(updates=np.zeros(2, int))
    actors = {"params": _actor_params()}
    return Programs(
        init=lambda key, original: first,
        epoch=epoch,
        actor_params=lambda state: jax.tree.map(lambda x: jnp.stack([x, x]), actors),
        key=jax.random.key(0),
        num_members=2,
        iterations_per_epoch=10,
        env_steps=lambda updates: 5 * updates,
        compilation=Compilation(),
        shapes=first,
        memory=MemoryPlan({}, None),
    )


def _actor_params():
    return original()["params"]


def run_of_two(folder):
    config = {
        "robot": "beetle",
        "observation_size": 2,
        "action_size": 1,
        "members": ["candidate-1", "candidate-2"],
    }
    run = create_run(folder, config)
    run.checkpoints.save = lambda updates, state: None
    return run


def evaluate(params, key):
    return {"success_rate": 0.5, "return": 10.0}


SETTINGS = TrainConfig(num_updates=30, eval_every=10)


def test_a_diverged_member_is_dropped_and_the_others_go_on(tmp_path, capsys):
    run = run_of_two(tmp_path / "run")
    losses = [[1.0, 1.0], [1.0, np.nan], [1.0, np.nan]]
    train(fake_programs(losses), evaluate, None, SETTINGS, run)
    run.close()
    healthy, broken = (read_metrics(journal.folder) for journal in run.journals)
    assert [row["updates"] for row in healthy if row["kind"] == "evaluation"] == [10, 20, 30]
    assert [row["updates"] for row in broken if row["kind"] == "evaluation"] == [10]
    assert max(row["updates"] for row in broken) == 10
    assert "candidate-2 diverged before update 20" in capsys.readouterr().err


def test_training_ends_where_every_member_diverged(tmp_path):
    run = run_of_two(tmp_path / "run")
    losses = [[1.0, np.nan], [np.inf, np.nan]]
    with pytest.raises(Diverged, match=r"before update 20: train/critic_loss is not finite"):
        train(fake_programs(losses), evaluate, None, SETTINGS, run)
    run.close()
