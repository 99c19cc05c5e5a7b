"""A run that was interrupted and resumed is the run that was not."""

import dataclasses

import jax
import numpy as np
import pytest

import envs
from envs.wrappers import VectorEnv
from lamour_jax.agents.sac.agent import make_sac
from lamour_jax.checkpoint import CheckpointStore
from lamour_jax.config import SACConfig, TrainConfig
from lamour_jax.errors import UserError
from lamour_jax.programs import compile_programs, lay_out
from lamour_jax.recovery import make_rule

CONFIG = SACConfig(
    num_envs=4,
    random_steps=40,
    replay_capacity=200,
    batch_size=16,
    hidden_sizes=(16, 16),
)
TRAIN = TrainConfig(num_updates=60, eval_every=20, seed=3)


def make_agent(config):
    env = VectorEnv(envs.make("hopper", "ood", "native"), config.num_envs, pool_size=8)
    return make_sac(config, env, make_rule("sac_zero"), TRAIN.num_updates, from_original=False)


@pytest.fixture(scope="module")
def programs():
    return compile_programs(lay_out(make_agent(CONFIG), None, TRAIN))


@pytest.fixture
def store(tmp_path):
    made = CheckpointStore(tmp_path / "checkpoint")
    yield made
    made.close()


def numbers(state):
    return [
        np.asarray(
            jax.random.key_data(leaf)
            if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)
            else leaf
        )
        for leaf in jax.tree.leaves(state)
    ]


def first_epoch(programs):
    state = programs.init(programs.key, None)
    return programs.epoch(state, None)[0]


def test_resumed_training_is_bit_for_bit_the_uninterrupted(programs, store, tmp_path):
    uninterrupted = first_epoch(programs)
    for _ in range(2):
        uninterrupted, expected_metrics = programs.epoch(uninterrupted, None)

    state = first_epoch(programs)
    before = numbers(state)
    store.save(int(state.updates), state)
    store.close()
    reopened = CheckpointStore(tmp_path / "checkpoint")
    assert reopened.latest == int(state.updates) == programs.iterations_per_epoch == 20
    restored = reopened.restore(programs.shapes)
    for got, want in zip(numbers(restored), before, strict=True):
        np.testing.assert_array_equal(got, want)
    for _ in range(2):
        restored, metrics = programs.epoch(restored, None)
    assert int(restored.updates) == 60
    for got, want in zip(numbers(restored), numbers(uninterrupted), strict=True):
        np.testing.assert_array_equal(got, want)
    assert {name: float(x) for name, x in metrics.items()} == {
        name: float(x) for name, x in expected_metrics.items()
    }
    moved = [
        not np.array_equal(a, b)
        for a, b in zip(before, numbers(restored), strict=True)
        if a.size > 1
    ]
    assert np.mean(moved) > 0.8
    reopened.close()


def test_only_the_newest_is_kept(programs, store, tmp_path):
    state = first_epoch(programs)
    for updates in (20, 40, 60):
        store.save(updates, state)
    assert store.latest == 60
    assert [path.name for path in (tmp_path / "checkpoint").iterdir() if path.is_dir()] == ["60"]


def test_a_run_without_a_checkpoint_says_so(programs, store):
    assert store.latest is None
    with pytest.raises(UserError, match="no checkpoint yet"):
        store.restore(programs.shapes)


@pytest.mark.parametrize(
    "changes",
    [{"hidden_sizes": (16, 8)}, {"hidden_sizes": (16, 16, 16)}, {"critic_layer_norm": True}],
)
def test_a_checkpoint_of_other_settings_is_refused(programs, store, changes):
    store.save(20, first_epoch(programs))
    other = make_agent(dataclasses.replace(CONFIG, **changes))
    shapes = jax.eval_shape(other.init, jax.random.key(0), None)
    with pytest.raises(UserError, match=r"does not fit these settings.*config\.json"):
        store.restore(shapes)


def test_a_damaged_checkpoint_is_refused(programs, store, tmp_path):
    store.save(20, first_epoch(programs))
    for path in (tmp_path / "checkpoint" / "20").rglob("*"):
        if path.is_file():
            path.write_bytes(b"\x00" * 10)
    with pytest.raises(UserError):
        CheckpointStore(tmp_path / "checkpoint").restore(programs.shapes)
