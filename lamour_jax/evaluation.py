"""Whole episodes with the deterministic policy, compiled, and the measures taken of them."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from envs.base import RecoveryEnv
from lamour_jax.networks import Actor
from lamour_jax.types import Params

EVALUATION_SEED = 20_000  # of the starts that count; far from the seeds of training
LASTING_STEPS = 50  # a recovery counts from the first healthy state that lasts this long


class Episodes(NamedTuple):
    """What one batch of episodes gave, [B] each.

    Attributes:
      returns: sum of the environment's rewards (zero while unhealthy).
      success: a healthy state was reached and the robot was then healthy to the time limit.
      recovered_at: control steps to the first healthy state that lasts; -1 where there is none.
      lengths: control steps until the episode ended.
      broken: the simulation blew up; such an episode is no success.
    """

    returns: jax.Array
    success: jax.Array
    recovered_at: jax.Array
    lengths: jax.Array
    broken: jax.Array


class _Tally(NamedTuple):
    returns: jax.Array
    running: jax.Array
    streak: jax.Array
    recovered_at: jax.Array
    lengths: jax.Array
    broken: jax.Array


def make_play(env: RecoveryEnv, actor: Actor) -> Callable[[Params, jax.Array, jax.Array], Episodes]:
    """(actor parameters, qpos [B, nq], qvel [B, nv]) -> Episodes of full length, one from each of
    these states; meant to be jitted. Where they begin is an argument, so that one program serves
    every kind of start (`env.draw_starts`)."""

    def act(params: Params, obs: jax.Array) -> jax.Array:
        return jnp.tanh(actor.apply(params, obs)[0])

    def play(params: Params, qpos: jax.Array, qvel: jax.Array) -> Episodes:
        robots = jax.vmap(env.reset_to)(qpos, qvel)
        num_episodes = len(qpos)
        zeros = jnp.zeros(num_episodes, jnp.int32)
        tally = _Tally(
            returns=jnp.zeros(num_episodes),
            running=jnp.ones(num_episodes, bool),
            streak=zeros,
            recovered_at=zeros - 1,
            lengths=zeros,
            broken=jnp.zeros(num_episodes, bool),
        )

        def one_step(carry, step):
            robots, tally = carry
            reached = jax.vmap(env.step)(robots, act(params, robots.obs))
            return (reached, _count(tally, reached, step)), None

        (robots, tally), _ = jax.lax.scan(
            one_step, (robots, tally), jnp.arange(1, env.episode_length + 1)
        )
        # Once healthy, an episode ends at the first unhealthy state: the survivors succeeded.
        success = tally.running & robots.pipeline_state.was_healthy
        return Episodes(tally.returns, success, tally.recovered_at, tally.lengths, tally.broken)

    return play


def _count(tally: _Tally, reached, step: jax.Array) -> _Tally:
    running = tally.running
    streak = jnp.where(reached.healthy, tally.streak + 1, 0)
    lasting = running & (streak >= LASTING_STEPS) & (tally.recovered_at < 0)
    return _Tally(
        returns=tally.returns + jnp.where(running, reached.reward, 0.0),
        running=running & ~reached.terminated,
        streak=streak,
        recovered_at=jnp.where(lasting, step - LASTING_STEPS + 1, tally.recovered_at),
        lengths=jnp.where(running, step, tally.lengths),
        broken=tally.broken | (running & ~reached.valid),
    )


def summarise(episodes: Episodes) -> dict[str, float | int | None]:
    """The measures of a batch of episodes, as plain numbers.

    `time_to_recovery` is the median over the episodes that recovered, None where none did.
    `return_of_successes` is the mean return of the episodes that succeeded, None where none did.
    """
    returns = np.asarray(episodes.returns, float)
    recovered_at = np.asarray(episodes.recovered_at)
    times = recovered_at[recovered_at >= 0]
    success = np.asarray(episodes.success)
    return {
        "episodes": int(returns.size),
        "success_rate": float(success.mean()),
        "return": float(returns.mean()),
        "return_std": float(returns.std()),
        "return_of_successes": float(returns[success].mean()) if success.any() else None,
        "time_to_recovery": float(np.median(times)) if times.size else None,
        "mean_length": float(np.asarray(episodes.lengths).mean()),
        "broken": int(np.asarray(episodes.broken).sum()),
    }
