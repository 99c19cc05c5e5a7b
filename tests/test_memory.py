"""The memory plan: bytes worked out by hand, and a refusal that says what to lower."""

import jax
import jax.numpy as jnp
import pytest

from envs.wrappers import VectorEnv
from lamour_jax import memory
from lamour_jax.agents.sac.agent import make_sac
from lamour_jax.config import SACConfig, TrainConfig
from lamour_jax.errors import UserError
from lamour_jax.memory import MemoryPlan, in_words
from lamour_jax.programs import compile_programs, lay_out
from lamour_jax.recovery import make_rule
from tests.scripted import Scripted

GB = 10**9


def laid_out(seeds=None, **settings):
    config = SACConfig(num_envs=4, random_steps=8, hidden_sizes=(8,), batch_size=8, **settings)
    agent = make_sac(config, VectorEnv(Scripted(), 4, pool_size=8), make_rule("sac_zero"), 100)
    return lay_out(agent, None, TrainConfig(num_updates=2), seeds)


def test_bytes_are_those_of_the_arrays():
    layout = laid_out(replay_capacity=1000)
    plan = layout.memory
    # A transition: two observations of 2, an action, five numbers; one counter for the ring.
    assert plan.parts["replay"] == 1000 * (2 * 2 + 1 + 5) * 4 + 4
    # Actor 2-8-(1, 1), two critics and their targets 3-8-1; Adam keeps each trained number twice.
    actor, critics = 2 * 8 + 8 + 2 * (8 + 1), 2 * (3 * 8 + 8 + 8 + 1)
    trained = actor + critics + 1
    # Beside the trained numbers their targets, the critics' and the actor's running mean.
    numbers = 3 * trained + critics + actor
    assert plan.parts["networks"] == 4 * (numbers + _counters(layout.shapes))
    assert plan.limit is not None and plan.total == sum(plan.parts.values())
    assert laid_out([1, 2, 3], replay_capacity=1000).memory.total == 3 * plan.total


def _counters(shapes) -> int:
    """Steps counted by the optimisers."""
    learner = jax.tree.leaves(shapes.learner.learner)
    return sum(leaf.dtype == jnp.int32 for leaf in learner)


def test_what_does_not_fit_is_refused_before_it_is_compiled(monkeypatch):
    monkeypatch.setattr(memory, "_limit", lambda device: 3 * GB)
    with pytest.raises(UserError, match=r"of 3 GB there are: 4 GB are for replay; give more"):
        laid_out(replay_capacity=10**8)


def test_what_programs_need_counts_before_anything_is_allocated(monkeypatch):
    size = laid_out(replay_capacity=100).memory.total
    monkeypatch.setattr(memory, "_limit", lambda device: int(size / 0.9) + 8)
    layout = laid_out(replay_capacity=100)
    with pytest.raises(UserError, match=r"B are for programs; give fewer --num-envs"):
        compile_programs(layout)


def test_the_largest_part_is_the_one_to_lower():
    with pytest.raises(UserError, match=r"need 1.2 GB .* of 1 GB .*1 GB are for robots; give few"):
        MemoryPlan({"robots": GB, "replay": GB // 10, "networks": GB // 10}, GB).check()
    MemoryPlan({"robots": 8 * GB // 10, "replay": 0, "networks": 0}, GB).check()
    MemoryPlan({"robots": 10**15, "replay": 0, "networks": 0}, None).check()


def test_a_population_is_told_how_many_fit():
    # Three of six members share a device, 4 GB each: two would fit into nine tenths of 10 GB.
    plan = MemoryPlan({"robots": GB, "replay": 11 * GB}, 10 * GB, 6, 3)
    with pytest.raises(UserError, match=r"11 GB are for replay of 6 members, of which 4 would fit"):
        plan.check()
    assert "--seeds" in plan.advice() and "--candidates" in plan.advice()
    plan = MemoryPlan({"robots": GB, "replay": 32 * GB}, 10 * GB, 6, 3)
    with pytest.raises(UserError, match=r"not even one of 6 members fits; give more --devices"):
        plan.check()


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (24 * 10**9, "24 GB")]
)
def test_sizes_in_words(size, words):
    assert in_words(size) == words
