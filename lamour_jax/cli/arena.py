"""Where a run's policies are judged: fresh episodes from every kind of start."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax.serialization import to_bytes

from lamour_jax import evaluation, networks
from lamour_jax.cli import common
from lamour_jax.cli.cache import remembered, world_digest
from lamour_jax.compilation import Announced
from lamour_jax.evaluation import EVALUATION_SEED, Episodes, make_play, summarise
from lamour_jax.files import cache_folder
from lamour_jax.networks import Actor
from lamour_jax.policy import Policy
from lamour_jax.types import Params


class Arena:
    """Judges policies of one robot by deterministic episodes, all of them played at once.

    Args:
      robot: its name.
      physics: the engine.
      network: the policies' shape.
      num_episodes: from each kind of start.

    Attributes:
      envs: where they are played, by kind of start.
    """

    def __init__(self, robot: str, physics: str, network: Actor, num_episodes: int):
        self._num_episodes = num_episodes
        exact = common.make_env(robot, "ood", physics)
        self.envs = {
            start: common.make_env(robot, start, physics, evaluation=True)
            for start in exact.starts()
        }
        self._places = {start: (env, num_episodes) for start, env in self.envs.items()}
        if exact.start.is_exact:
            # One exact start leads to one and the same episode.
            self._places["ood_exact"] = (exact, 1)
        self._draw = jax.jit(self._draw_starts)
        places = ", ".join(self._places)
        longest = max(env.episode_length for env in self.envs.values())
        play = make_play(self.envs["ood"], network, longest)
        self._play = Announced(f"episodes from {places}", play)

    def _draw_starts(self, key: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        """(qpos [B, nq], qvel [B, nv], limits [B]) of all places, one after another."""
        drawn = [
            (*env.draw_starts(key, count), jnp.full(count, env.episode_length))
            for env, count in self._places.values()
        ]
        return jax.tree.map(lambda *parts: jnp.concatenate(parts), *drawn)

    def judge(self, params: Params) -> dict[str, Any]:
        """Measures by kind of start: those of `envs`, and "ood_exact" where that is another."""
        starts = self._draw(jax.random.key(EVALUATION_SEED))
        ends = np.cumsum([count for _, count in self._places.values()])
        by_place = [
            np.split(part, ends[:-1]) for part in jax.device_get(self._play(params, *starts))
        ]
        return {
            place: summarise(Episodes(*parts))
            for place, *parts in zip(self._places, *by_place, strict=True)
        }

    def judge_original(self, policy: Policy) -> dict[str, Any]:
        """`judge`, from the user's cache where this policy was judged before: run after run starts
        from the same one, and judging plays thousands of steps before training may begin."""
        modules = (Path(__file__), Path(evaluation.__file__), Path(networks.__file__))
        env = self.envs["ood"]
        world = env.fingerprint()
        if world is None:
            return self.judge(policy.params)
        settings = f"{env.backend} {self._num_episodes} {policy.activation} {policy.std}".encode()
        digest = world_digest(*modules, content=world + settings + to_bytes(policy.params))
        file = cache_folder("judgements") / f"{env.name}-{digest}.json"
        return remembered(file, lambda: self.judge(policy.params))
