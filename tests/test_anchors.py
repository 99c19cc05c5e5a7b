"""Anchors: which states the original policy is held at."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from envs.wrappers import VectorEnv
from lamour_jax import anchors as module
from lamour_jax.anchors import draw_anchors, gather_anchors
from lamour_jax.config import PPOConfig, SACConfig
from lamour_jax.networks import Actor
from lamour_jax.recovery import make_rule
from tests.agents.by_hand import forward
from tests.scripted import Scripted

CONFIG = SACConfig(anchor_batch_size=16, hidden_sizes=(8, 8))


@pytest.fixture
def gathered(monkeypatch):
    monkeypatch.setattr(module, "ROBOTS", 4)
    monkeypatch.setattr(module, "STEPS", 30)
    original = Actor(1, (8, 8)).init(jax.random.key(1), jnp.zeros((1, 2)))
    env = VectorEnv(Scripted("ood", episode_length=6), 3)
    late = SimpleNamespace(
        is_recovered=lambda state: (state[1] > 2.5).astype(jnp.int32),
        calculate_reward=lambda state, action: -jnp.abs(state[0]),
        is_sound=lambda state, action: jnp.bool_(True),
    )
    rule = make_rule("lamour", [late])
    gather = jax.jit(lambda key: gather_anchors(CONFIG, env, rule, original, key)[0])
    return gather(jax.random.key(0)), original


def test_they_are_the_original_policys_own_states(gathered):
    anchors, original = gathered
    assert anchors.obs.shape == (120, 2) and anchors.recovered.shape == (120,)
    # Episodes begin at the normal start (a positive position), not at the fallen one.
    first = np.asarray(anchors.obs[:4])
    assert (first[:, 0] > 0).all() and (np.abs(first[:, 1]) < 1e-6).all()
    for got, want in zip(anchors.original, forward(original, anchors.obs), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def test_they_weigh_what_the_method_says(gathered):
    anchors, _ = gathered
    # The reward program calls a state recovered when the clock says more than 2.5.
    np.testing.assert_array_equal(anchors.recovered, np.asarray(anchors.obs[:, 1]) > 2.5)
    assert 0 < float(jnp.mean(anchors.recovered)) < 1


def test_draws_keep_what_belongs_together(gathered):
    anchors, _ = gathered
    drawn = jax.jit(lambda key: draw_anchors(CONFIG, anchors, key, 5))(jax.random.key(2))
    assert drawn.obs.shape == (5, 16, 2) and drawn.original.mean.shape == (5, 16, 1)
    rows = {tuple(row) for row in np.asarray(jnp.hstack([anchors.obs, anchors.original.mean]))}
    flat = np.concatenate([drawn.obs, drawn.original.mean], axis=-1).reshape(-1, 3)
    assert {tuple(row) for row in flat} <= rows
    assert len(np.unique(flat, axis=0)) > 30


@pytest.mark.parametrize("config", [SACConfig(), PPOConfig(anchor_batch_size=0)])
def test_settings_and_training_from_scratch_may_do_without(config, gathered):
    _, original = gathered
    env, rule = VectorEnv(Scripted("ood"), 3), make_rule("sac_zero")
    assert gather_anchors(config, env, rule, original, jax.random.key(0)) == (None, None)
    assert gather_anchors(CONFIG, env, rule, None, jax.random.key(0)) == (None, None)
    assert draw_anchors(CONFIG, None, jax.random.key(0), 5) is None
