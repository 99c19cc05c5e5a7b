"""The memory plan: bytes worked out by hand, and a refusal that says what to lower."""

import jax
import jax.numpy as jnp
import pytest

from envs.wrappers import VectorEnv
from lamour_jax import memory
from lamour_jax.agents.sac.agent import make_sac
from lamour_jax.config import SACConfig, TrainConfig
from lamour_jax.devices import make_mesh, placed
from lamour_jax.errors import UserError
from lamour_jax.memory import MemoryPlan, in_words, make_plan
from lamour_jax.recovery import make_rule
from lamour_jax.trainer import compile_programs
from tests.scripted import Scripted


def agent(**settings):
    config = SACConfig(num_envs=4, random_steps=8, hidden_sizes=(8,), batch_size=8, **settings)
    return make_sac(config, VectorEnv(Scripted(), 4, pool_size=8), make_rule("sac_zero"), 100)


def test_bytes_are_those_of_the_arrays():
    made = agent(replay_capacity=1000)
    state = jax.eval_shape(made.init, jax.random.key(0), None)
    shapes = placed(make_mesh(1), made.partition, state)
    plan = make_plan(shapes)
    # A transition: two observations of 2, an action, four numbers; one counter for the ring.
    assert plan.parts["replay"] == 1000 * (2 * 2 + 1 + 4) * 4 + 4
    # Actor 2-8-(1, 1), two critics and their targets 3-8-1; Adam keeps each trained number twice.
    actor, critics = 2 * 8 + 8 + 2 * (8 + 1), 2 * (3 * 8 + 8 + 8 + 1)
    trained = actor + critics + 1
    assert plan.parts["networks"] == 4 * (3 * trained + critics) + 4 * _counters(shapes)
    assert plan.limit is not None and plan.total == sum(plan.parts.values())


def _counters(shapes) -> int:
    """Steps counted by the optimisers."""
    learner = jax.tree.leaves(shapes.learner.learner)
    return sum(leaf.dtype == jnp.int32 for leaf in learner)


def test_what_does_not_fit_is_refused_before_it_is_compiled(monkeypatch):
    monkeypatch.setattr(memory, "_limit", lambda device: 3 * 10**9)
    with pytest.raises(UserError, match=r"of 3 GB .*replay take 3.6 GB: give more --devices"):
        compile_programs(agent(replay_capacity=10**8), None, TrainConfig())


def test_the_largest_part_is_the_one_to_lower():
    with pytest.raises(UserError, match=r"need 1.2 GB .* of 1 GB .*robots take 1 GB: give fewer"):
        MemoryPlan({"robots": 10**9, "replay": 10**8, "networks": 10**8}, 10**9).check()
    MemoryPlan({"robots": 8 * 10**8, "replay": 0, "networks": 0}, 10**9).check()
    MemoryPlan({"robots": 10**15, "replay": 0, "networks": 0}, None).check()


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (24 * 10**9, "24 GB")]
)
def test_sizes_in_words(size, words):
    assert in_words(size) == words
