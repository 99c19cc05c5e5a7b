"""Where a run's policies are judged: fresh episodes from every kind of start."""

from typing import Any

import jax

from lamour_jax.cli import common
from lamour_jax.cli.training import Evaluator
from lamour_jax.evaluation import EVALUATION_SEED
from lamour_jax.networks import Actor
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
