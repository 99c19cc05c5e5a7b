"""Whole episodes with the deterministic policy, compiled, and the measures taken of them."""

from typing import NamedTuple, Protocol

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
      success: a healthy state was reached and the robot was then healthy to the time limit; of a
        task with an end: it was accomplished.
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
    was_healthy: jax.Array
    streak: jax.Array
    recovered_at: jax.Array
    lengths: jax.Array
    broken: jax.Array
    accomplished: jax.Array


class Play(Protocol):
    """Episodes, one from each of the states qpos [B, nq], qvel [B, nv]; meant to be jitted.

    Where they begin is an argument, so that one program serves every kind of start
    (`env.draw_starts`), and so is how many control steps each may take, `limits` [B] (where they
    all take the environment's own, None).
    """

    def __call__(
        self, params: Params, qpos: jax.Array, qvel: jax.Array, limits: jax.Array | None = None
    ) -> Episodes: ...


def make_play(env: RecoveryEnv, actor: Actor, longest: int | None = None) -> Play:
    """Plays the actor's deterministic policy.

    Args:
      env: where.
      actor: the policies' network.
      longest: the largest of the limits; the environment's episode length by default.
    """
    num_steps = longest or env.episode_length

    def act(params: Params, obs: jax.Array) -> jax.Array:
        return jnp.tanh(actor.apply(params, obs)[0])

    def play(
        params: Params, qpos: jax.Array, qvel: jax.Array, limits: jax.Array | None = None
    ) -> Episodes:
        robots = jax.vmap(env.reset_to)(qpos, qvel)
        num_episodes = len(qpos)
        limits = jnp.full(num_episodes, num_steps) if limits is None else limits
        zeros = jnp.zeros(num_episodes, jnp.int32)
        tally = _Tally(
            returns=jnp.zeros(num_episodes),
            running=jnp.ones(num_episodes, bool),
            was_healthy=robots.pipeline_state.was_healthy,
            streak=zeros,
            recovered_at=zeros - 1,
            lengths=zeros,
            broken=jnp.zeros(num_episodes, bool),
            accomplished=jnp.zeros(num_episodes, bool),
        )

        def one_step(carry, step):
            robots, tally = carry
            reached = jax.vmap(env.step)(robots, act(params, robots.obs))
            done = jax.vmap(env.is_accomplished)(reached.pipeline_state.physics)
            counted = _count(tally, reached, reached.terminated & reached.valid & done, step)
            within = step <= limits
            tally = jax.tree.map(lambda new, old: jnp.where(within, new, old), counted, tally)
            return (reached, tally), None

        (_, tally), _ = jax.lax.scan(one_step, (robots, tally), jnp.arange(1, num_steps + 1))
        # Once healthy, an episode of a task without end stops at the first unhealthy state: the
        # survivors succeeded.
        success = tally.accomplished if env.has_end else tally.running & tally.was_healthy
        return Episodes(tally.returns, success, tally.recovered_at, tally.lengths, tally.broken)

    return play


def _count(tally: _Tally, reached, accomplished: jax.Array, step: jax.Array) -> _Tally:
    running = tally.running
    streak = jnp.where(reached.healthy, tally.streak + 1, 0)
    # Nothing can undo a recovery after which the task was accomplished.
    lasts = (streak >= LASTING_STEPS) | (accomplished & (streak > 0))
    lasting = running & lasts & (tally.recovered_at < 0)
    return _Tally(
        returns=tally.returns + jnp.where(running, reached.reward, 0.0),
        running=running & ~reached.terminated,
        was_healthy=reached.pipeline_state.was_healthy,
        streak=streak,
        recovered_at=jnp.where(lasting, step - streak + 1, tally.recovered_at),
        lengths=jnp.where(running, step, tally.lengths),
        broken=tally.broken | (running & ~reached.valid),
        accomplished=tally.accomplished | (running & accomplished),
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
