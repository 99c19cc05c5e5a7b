"""Many robots at once: batching, the time limit, and auto-reset from a pool of ready starts.

A reset inside a vmapped step would cost one for every robot at every step, and caching the first
state would replay one start for ever. A pool costs a gather: it is filled with fresh starts at the
beginning of each epoch, and each reset draws from it.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import struct
from jax.sharding import Mesh, PartitionSpec

from envs.base import RecoveryEnv, RecoveryState
from envs.hashing import as_uniform, next_bits

ROBOTS = "robots"  # the axis of a mesh of devices along which robots are split
# In a partition they stand where the state has arrays, hence `Any`.
SPLIT: Any = PartitionSpec(ROBOTS)
WHOLE: Any = PartitionSpec()


class VectorState(struct.PyTreeNode):
    """N robots between two steps.

    Attributes:
      robots: their states [N, ...]; a robot whose episode ended already stands at its next start,
        while its rewards and flags tell of the step that ended it, as in brax.
      steps: [N] int32, control steps in the running episode.
      pool: ready starts [P, ...].
      key: the randomness of pools.
      draws: [N] uint32, that of resets. Carried along, as XLA would compute a hash of the step
        anew for every number that a reset copies.
    """

    robots: RecoveryState
    steps: jax.Array
    pool: RecoveryState
    key: jax.Array
    draws: jax.Array


class StepResult(NamedTuple):
    """What one vector step reached, before any reset: the true terminal state where one ended.

    Attributes: [N, ...] each; see `RecoveryState`. `truncated` marks the time limit alone.
    """

    obs: jax.Array
    reward: jax.Array
    task_reward: jax.Array
    reward_inputs: jax.Array
    healthy: jax.Array
    terminated: jax.Array
    truncated: jax.Array
    valid: jax.Array

    @classmethod
    def of(cls, reached: RecoveryState, truncated: jax.Array) -> "StepResult":
        """What a step shows of the states `reached`, of which the time limit cut some short."""
        shown = (name for name in cls._fields if name != "truncated")
        return cls(**{name: getattr(reached, name) for name in shown}, truncated=truncated)


class VectorEnv:
    """N copies of one environment, stepped and reset together.

    Args:
      env: the robot.
      num_envs: N.
      pool_size: P, how many ready starts are kept; the environment's own number by default.
      mesh: devices that share the robots, by its axis "robots"; None for one device.
      episode_length: control steps after which an episode is cut; the environment's own by default.
    """

    def __init__(
        self,
        env: RecoveryEnv,
        num_envs: int,
        pool_size: int | None = None,
        mesh: Mesh | None = None,
        episode_length: int | None = None,
    ):
        if num_envs < 1:
            raise ValueError(f"num_envs must be at least 1, not {num_envs}")
        self.env = env
        self.num_envs = num_envs
        self.pool_size = pool_size or env.pool_size
        self.mesh = mesh
        self.episode_length = episode_length or env.episode_length

    @property
    def partition(self) -> VectorState:
        """How devices share the state: a prefix of it, of partition specs."""
        return VectorState(robots=SPLIT, steps=SPLIT, pool=WHOLE, key=WHOLE, draws=SPLIT)

    def reset(self, key: jax.Array) -> VectorState:
        """Puts every robot at a fresh start and fills the pool."""
        key, robots_key, pool_key = jax.random.split(key, 3)
        robots = jax.vmap(self.env.reset)(jax.random.split(robots_key, self.num_envs))
        return VectorState(
            robots=robots,
            steps=jnp.zeros(self.num_envs, jnp.int32),
            key=key,
            **self._pool(pool_key),
        )

    def refresh_pool(self, state: VectorState) -> VectorState:
        """Draws the whole pool anew."""
        key, pool_key = jax.random.split(state.key)
        return state.replace(key=key, **self._pool(pool_key))

    def _pool(self, key: jax.Array) -> dict[str, Any]:
        """Fresh starts, and the draws from them."""
        pool_key, draws_key = jax.random.split(key)
        return {
            "pool": jax.vmap(self.env.reset)(jax.random.split(pool_key, self.pool_size)),
            "draws": jax.random.bits(draws_key, (self.num_envs,)),
        }

    def step(
        self, state: VectorState, actions: jax.Array, limit: jax.Array | None = None
    ) -> tuple[VectorState, StepResult]:
        """Steps every robot with actions [N, A]; those whose episode ended start another.

        Args:
          limit: [] or [N] int32, control steps after which episodes are cut, where that is not
            `episode_length`.
        """
        reached = self._step_robots(state.robots, actions)
        steps = state.steps + 1
        cut = steps >= (self.episode_length if limit is None else limit)
        truncated = cut & ~reached.terminated
        over = reached.terminated | truncated
        draw = (as_uniform(state.draws) * self.pool_size).astype(jnp.int32)
        begun = jax.tree.map(
            lambda pool, robot: jnp.where(_like(over, robot), pool[draw], robot),
            self._standing(state.pool),
            self._standing(reached),
        )
        if self.env.rewards_see_observations:
            begun["reward_inputs"] = begun["obs"]
        robots = reached.replace(**begun)
        result = StepResult.of(reached, truncated)
        steps = jnp.where(over, 0, steps)
        state = state.replace(robots=robots, steps=steps, draws=next_bits(state.draws))
        return state, result

    def _standing(self, robots: RecoveryState) -> dict[str, Any]:
        """What of a state tells where the robot is, and no array twice: each one costs resets
        microseconds."""
        names = ["pipeline_state", "obs", "healthy"]
        if not self.env.rewards_see_observations:
            names.append("reward_inputs")
        return {name: getattr(robots, name) for name in names}

    def _step_robots(self, robots: RecoveryState, actions: jax.Array) -> RecoveryState:
        step = jax.vmap(self.env.step)
        if self.mesh is None or self.mesh.size == 1:
            return step(robots, actions)
        # By hand: split automatically, the loops of MJX's solver would wait for all devices at
        # every iteration, and native physics would be computed as a whole on each of them.
        stepped = jax.shard_map(
            step, mesh=self.mesh, in_specs=(SPLIT, SPLIT), out_specs=SPLIT, check_vma=False
        )
        return stepped(robots, actions)


def _like(flags: jax.Array, leaf: jax.Array) -> jax.Array:
    """Flags [N] with trailing axes, to broadcast against leaf [N, ...]."""
    return flags.reshape(flags.shape + (1,) * (leaf.ndim - 1))
