"""Planning a way up: model-predictive control by sampling, on the simulation itself.

A learner that starts on the ground waits until noise shows it something better. A planner looks: it
simulates many sequences of actions from where the robot is, keeps those that come farthest, draws
the next ones around them, and after two rounds goes a few steps along the best (the cross-entropy
method; as control: Pinneri et al., 2020, "Sample-efficient cross-entropy method for real-time
planning", arXiv 2008.06389). So it is seen within minutes whether a recovery reward leads anywhere
before anything is learned from it.

Two things are the recovery's own. A sequence is judged above all by the best quarter of its steps:
who has to get up first leans forward or lets go of a pose that is paid well, and a sum over all
steps keeps a humanoid sitting. (Not in a task with an end, such as setting a chair upright and
pushing it to its place: there the sum is the better judge.) And half of the sequences hand over to
the original policy wherever the method trusts it: what counts is a state from which that policy
goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct

from envs.base import RecoveryEnv, RecoveryState
from envs.wrappers import StepResult
from lamour_jax.policy import Policy
from lamour_jax.recovery import RecoveryRule

HORIZON_SECONDS = 1.5
LONGEST_HORIZON = 60  # control steps; robots of quick control see less far, but far enough
STEPS_PER_KNOT = 6
REPLANNED_AFTER = 4  # control steps
REACH = 0.7  # weight of the best quarter of a sequence's steps, against the sum of all
FIRST_SPREAD, LEAST_SPREAD = 0.8, 0.15  # standard deviation of actions


class Plan(struct.PyTreeNode):
    """B robots, and what each means to do next.

    Attributes:
      robots: their states [B, ...].
      knots: [B, K, A] actions at points in time, linear in between.
      spread: [B, K, A] how far around them the next ones are sought.
    """

    robots: RecoveryState
    knots: jax.Array
    spread: jax.Array


class Steps(NamedTuple):
    """Control steps taken along plans, [T, B, ...].

    Attributes:
      qpos, qvel: [T, B, nq], [T, B, nv] where each began.
      action: [T, B, A].
      reward: [T, B] the method's total reward.
      healthy: [T, B] bool, of the state reached.
      terminated: [T, B] bool, the rules ended the episode there; what follows does not count.
    """

    qpos: Any
    qvel: Any
    action: Any
    reward: Any
    healthy: Any
    terminated: Any


@dataclass(frozen=True)
class Planner:
    """Plans for B robots at once; its methods are pure functions, to be jitted.

    Attributes:
      env: where.
      rule: the method's rewards.
      aux_coef: weight of the recovery reward, as in learning.
      original: obs [N, O] -> the original policy's mean actions [N, A].
      num_candidates: sequences of actions tried in a round, for each robot; even.
      num_elites: those that the next round is drawn around.
      num_rounds: rounds before each decision.
    """

    env: RecoveryEnv
    rule: RecoveryRule
    aux_coef: float
    original: Callable[[jax.Array], jax.Array]
    num_candidates: int = 64
    num_elites: int = 8
    num_rounds: int = 2

    @property
    def horizon(self) -> int:
        """Control steps that a plan looks ahead."""
        return min(LONGEST_HORIZON, round(HORIZON_SECONDS / self.env.dt))

    def begin(self, qpos: jax.Array, qvel: jax.Array) -> Plan:
        """Robots at qpos [B, nq], qvel [B, nv] that know nothing yet."""
        shape = (len(qpos), self._num_knots, self.env.action_size)
        robots = jax.vmap(self.env.reset_to)(qpos, qvel)
        return Plan(robots, jnp.zeros(shape), jnp.full(shape, FIRST_SPREAD))

    def advance(self, plan: Plan, key: jax.Array) -> tuple[Plan, Steps]:
        """Looks ahead and takes `REPLANNED_AFTER` control steps."""

        plan, hands_over = jax.lax.scan(
            self._improved, plan, jax.random.split(key, self.num_rounds)
        )
        actions = self._actions(plan.knots)[:REPLANNED_AFTER]
        robots, steps = self._follow(plan.robots, actions, hands_over[-1])
        later = np.minimum(self._knot_times + REPLANNED_AFTER, self.horizon - 1)
        knots = jnp.einsum("kj,bja->bka", self._weights(later), plan.knots)
        spread = jnp.maximum(plan.spread, FIRST_SPREAD / 2)
        return Plan(robots, knots, spread), steps

    def _improved(self, plan: Plan, key: jax.Array) -> tuple[Plan, jax.Array]:
        """A round of search; also says for whom [B] the best sequence hands over."""
        num_robots, num_knots, num_actions = plan.knots.shape
        shape = (num_robots, self.num_candidates, num_knots, num_actions)
        knots = plan.knots[:, None] + plan.spread[:, None] * jax.random.normal(key, shape)
        # What was meant so far is among them, once for either kind.
        knots = jnp.clip(knots.at[:, :2].set(plan.knots[:, None]), -1.0, 1.0)
        flat = knots.reshape(-1, num_knots, num_actions)
        hands_over = jnp.arange(len(flat)) % 2 == 0
        robots = jax.tree.map(lambda x: jnp.repeat(x, self.num_candidates, axis=0), plan.robots)
        scores = self._score(robots, self._actions(flat), hands_over)
        scores, best = jax.lax.top_k(scores.reshape(shape[:2]), self.num_elites)
        elites = jnp.take_along_axis(knots, best[:, :, None, None], axis=1)
        # Where physics broke in nearly all sequences, those that are no good are among the best.
        weights = jnp.isfinite(scores).astype(jnp.float32)[:, :, None, None] + 1e-6
        weights /= jnp.sum(weights, axis=1, keepdims=True)
        mean = jnp.sum(weights * elites, axis=1)
        variance = jnp.sum(weights * jnp.square(elites - mean[:, None]), axis=1)
        spread = jnp.maximum(0.5 * (plan.spread + jnp.sqrt(variance)), LEAST_SPREAD)
        plan = plan.replace(knots=mean, spread=spread)
        return plan, best[:, 0] % 2 == 0

    def _score(self, robots: RecoveryState, actions: jax.Array, hands_over: jax.Array) -> jax.Array:
        """What sequences actions [H, N, A] of robots [N] are worth; the worst where physics
        broke."""

        def one_step(robots: RecoveryState, action: jax.Array):
            robots, _, reward = self._step(robots, action, hands_over)
            return robots, (reward, robots.terminated & ~robots.healthy, robots.valid)

        _, (rewards, lost, valid) = jax.lax.scan(one_step, robots, actions)
        reach = 0.0 if self.env.has_end else jnp.where(jnp.any(lost, axis=0), 0.0, REACH)
        worth = worth_of(rewards, jnp.asarray(reach))
        return jnp.where(jnp.all(valid, axis=0), worth, -jnp.inf)

    def _follow(
        self, robots: RecoveryState, actions: jax.Array, hands_over: jax.Array
    ) -> tuple[RecoveryState, Steps]:
        def one_step(robots: RecoveryState, action: jax.Array):
            began = robots.pipeline_state.physics
            robots, taken, reward = self._step(robots, action, hands_over)
            steps = Steps(began.qpos, began.qvel, taken, reward, robots.healthy, robots.terminated)
            return robots, steps

        return jax.lax.scan(one_step, robots, actions)

    def _step(
        self, robots: RecoveryState, action: jax.Array, hands_over: jax.Array
    ) -> tuple[RecoveryState, jax.Array, jax.Array]:
        """The states after a control step, the actions [N, A] taken, and total rewards [N]."""
        trusted = self._rewards(robots, action, robots).recovered > 0.5
        own = self.original(robots.obs)
        action = jnp.where((hands_over & trusted)[:, None], own, action)
        after = jax.vmap(self.env.step)(robots, action)
        rewards = self._rewards(robots, action, after)
        return after, action, rewards.reward + self.aux_coef * rewards.aux_reward

    def _rewards(self, before: RecoveryState, action: jax.Array, after: RecoveryState):
        result = StepResult.of(after, jnp.zeros_like(after.terminated))
        return self.rule(before, action, result, jax.random.key(0))  # the same for all sequences

    @property
    def _num_knots(self) -> int:
        return max(2, self.horizon // STEPS_PER_KNOT)

    @property
    def _knot_times(self) -> np.ndarray:
        return np.linspace(0.0, self.horizon - 1, self._num_knots)

    def _weights(self, times: np.ndarray) -> jax.Array:
        """[T, K]: an action at each of `times` (control steps) is this mixture of the knots."""
        each = [np.interp(times, self._knot_times, one) for one in np.eye(self._num_knots)]
        return jnp.asarray(np.stack(each, axis=1), jnp.float32)

    def _actions(self, knots: jax.Array) -> jax.Array:
        """Sequences [H, N, A] of knots [N, K, A]."""
        return jnp.einsum("hk,nka->hna", self._weights(np.arange(self.horizon)), knots)


def worth_of(rewards: jax.Array, reach: jax.Array) -> jax.Array:
    """What sequences with `rewards` [H, N] are worth [N]: the sum of all steps, and with the weight
    `reach` [N] or [] that of the best quarter, counted as if all steps were like it. That is for
    sequences which do not lose what they reached: a leap and a fall would be worth more than to
    stand."""
    best = jnp.sort(rewards, axis=0)[-max(1, len(rewards) // 4) :]
    return reach * len(rewards) * jnp.mean(best, axis=0) + (1.0 - reach) * jnp.sum(rewards, axis=0)


def make_planner(
    env: RecoveryEnv, rule: RecoveryRule, aux_coef: float, original: Policy
) -> Planner:
    """A planner whose sequences may hand over to the policy `original`, which acts by its mean."""

    def act(obs: jax.Array) -> jax.Array:
        return jnp.tanh(jnp.asarray(original.network.apply(original.params, obs)[0]))

    return Planner(env, rule, aux_coef, act)


class PlannedEpisodes(NamedTuple):
    """Whole episodes by plan.

    Attributes:
      steps: as arrays of NumPy.
      lengths: [B] control steps until each was over, or until planning ended.
      recovered_at: [B] control steps to the healthy state after which the robot stayed healthy to
        the end of its episode; -1 where there is none.
      accomplished: [B] bool, a task with an end was done.
    """

    steps: Steps
    lengths: np.ndarray
    recovered_at: np.ndarray
    accomplished: np.ndarray


def plan_episodes(
    planner: Planner,
    key: jax.Array,
    num_episodes: int,
    num_steps: int,
    tell: Callable[[int, np.ndarray], None] = lambda steps, healthy: None,
    compiled: Callable[[Callable], Callable] = jax.jit,
) -> PlannedEpisodes:
    """Plans episodes from the environment's starts, side by side.

    Args:
      num_steps: control steps of each, at least.
      tell: called after every decision with the steps taken and who is healthy [B].
      compiled: compiles a decision's program; it may tell of that.
    """
    start_key, key = jax.random.split(key)
    plan = jax.jit(planner.begin)(*planner.env.draw_starts(start_key, num_episodes))
    advance = compiled(planner.advance)
    taken: list[Steps] = []
    for decision in range(-(-num_steps // REPLANNED_AFTER)):
        plan, steps = advance(plan, jax.random.fold_in(key, decision))
        taken.append(jax.device_get(steps))
        tell(REPLANNED_AFTER * len(taken), taken[-1].healthy[-1])
    return summarised(Steps(*map(np.concatenate, zip(*taken, strict=True))))


def summarised(steps: Steps) -> PlannedEpisodes:
    """Where the episodes of steps [T, B] ended, and since when the robots were recovered."""
    num_steps = len(steps.terminated)
    ended = steps.terminated.any(axis=0)
    lengths = np.where(ended, steps.terminated.argmax(axis=0) + 1, num_steps)
    within = np.arange(num_steps)[:, None] < lengths
    unhealthy = within & ~steps.healthy
    # The step after the last unhealthy one, if it is one of the episode's.
    last = np.where(unhealthy.any(axis=0), num_steps - unhealthy[::-1].argmax(axis=0), 0)
    recovered_at = np.where(last < lengths, last + 1, -1)
    return PlannedEpisodes(steps, lengths, recovered_at, ended & (recovered_at > 0))
