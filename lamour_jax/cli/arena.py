"""Where a run's policies are judged: fresh episodes from every kind of start."""

from pathlib import Path
from typing import Any

import jax
from flax.serialization import to_bytes

from lamour_jax import evaluation, networks
from lamour_jax.cli import common
from lamour_jax.cli.cache import cache_folder, remembered, world_digest
from lamour_jax.cli.training import Evaluator
from lamour_jax.evaluation import EVALUATION_SEED
from lamour_jax.networks import Actor
from lamour_jax.policy import Policy
from lamour_jax.types import Params


class Arena:
    """Judges policies of one robot by deterministic episodes.

    Args:
      robot: its name.
      physics: the engine.
      network: the policies' shape.
      num_episodes: from each kind of start.
    """

    def __init__(self, robot: str, physics: str, network: Actor, num_episodes: int):
        self._num_episodes = num_episodes
        self.ood = common.make_env(robot, "ood", physics, evaluation=True)
        exact = common.make_env(robot, "ood", physics)
        normal = common.make_env(robot, "normal", physics)
        self._evaluators = {
            "ood": Evaluator(self.ood, network, num_episodes),
            "normal": Evaluator(normal, network, num_episodes),
        }
        if exact.start != self.ood.start:
            # One exact start leads to one and the same episode.
            self._evaluators["ood_exact"] = Evaluator(exact, network, 1)

    def judge(self, params: Params) -> dict[str, Any]:
        """Measures by kind of start: "ood", "normal", and "ood_exact" where that is another."""
        key = jax.random.key(EVALUATION_SEED)
        return {place: play(params, key) for place, play in self._evaluators.items()}

    def judge_original(self, policy: Policy) -> dict[str, Any]:
        """`judge`, from the user's cache where this policy was judged before: run after run starts
        from the same one, and judging plays thousands of steps before training may begin."""
        modules = (Path(__file__), Path(evaluation.__file__), Path(networks.__file__))
        settings = f"{self.ood.backend} {self._num_episodes}".encode()
        digest = world_digest(*modules, content=settings + to_bytes(policy.params))
        file = cache_folder("judgements") / f"{policy.robot}-{digest}.json"
        return remembered(file, lambda: self.judge(policy.params))
