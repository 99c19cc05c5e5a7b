"""Anchors: states of the original policy's own episodes, where consolidation is taken, too.

Consolidation holds the policy in the recovered states of its replay. From a fallen start none are
visited for thousands of updates, and by the time the robot stands up, what it should do there has
been unlearned. The original policy knows such states: it is played from normal starts once, before
training, and each update holds the policy at a few of the states that it came through. A replay
begins with these episodes, too: its critics know what standing is worth before the robot stands.
"""

import jax
import jax.numpy as jnp
from flax import struct
from jax.sharding import Mesh

from envs.wrappers import VectorEnv
from lamour_jax.config import LearnerConfig
from lamour_jax.consolidation import Gaussian, cloned, gaussian_of
from lamour_jax.devices import draw_rows
from lamour_jax.networks import make_actor, sample_pre_tanh
from lamour_jax.recovery import RecoveryRule
from lamour_jax.rollout import Rollout, collect
from lamour_jax.types import Params

ROBOTS, STEPS = 32, 500  # 16 000 states, 2 MB: many gaits' worth, and a second of native physics


class Anchors(struct.PyTreeNode):
    """K states with what the original policy does there.

    Attributes:
      obs: [K, O].
      recovered: [K] weight of consolidation, the method's own.
      original: the original policy's Gaussian, [K, A] each, as far as the actor is held to it.
    """

    obs: jax.Array
    recovered: jax.Array
    original: Gaussian


def gather_anchors(
    config: LearnerConfig,
    env: VectorEnv,
    rule: RecoveryRule,
    original: Params | None,
    key: jax.Array,
) -> tuple[Anchors | None, Rollout | None]:
    """Plays the original policy, sampled as in training, on its own task.

    Args:
      config: the learner's settings.
      env: the robots that are trained; their normal starts are taken.
      rule: says in which states the original policy is trusted.
      original: its parameters.

    Returns the anchors and the episodes that they are of, [STEPS, ROBOTS, ...]; None and None where
    there is no original policy, or where the settings ask for no anchors.
    """
    if original is None or not config.anchor_batch_size:
        return None, None
    network = make_actor(config, env.env.action_size)  # it never drops units
    normal = VectorEnv(env.env.with_normal_start(), ROBOTS, pool_size=ROBOTS)
    reset_key, play_key = jax.random.split(key)

    def act(obs: jax.Array, key: jax.Array) -> tuple[jax.Array, Gaussian]:
        gaussian = gaussian_of(original, obs, network)
        return jnp.tanh(sample_pre_tanh(*gaussian, key)), gaussian

    _, rollout = collect(normal, rule, act, normal.reset(reset_key), play_key, STEPS)
    steps = rollout.transitions
    # A broken robot's states are finite, but no states of the task.
    held = cloned(rollout.extras, config)
    anchors = Anchors(steps.obs, steps.recovered * rollout.valid, held)
    return jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), anchors), rollout


def draw_anchors(
    config: LearnerConfig,
    anchors: Anchors | None,
    key: jax.Array,
    updates: int,
    mesh: Mesh | None = None,
) -> Anchors | None:
    """Anchors [updates, config.anchor_batch_size, ...], uniformly with replacement; None of none.
    Devices of `mesh` get a part of each batch."""
    if anchors is None:
        return None
    return draw_rows(anchors, key, (updates, config.anchor_batch_size), mesh)
