"""What config.json says of a run, whatever it trains."""

from typing import Any

from envs.base import RecoveryEnv
from lamour_jax.config import LEARNERS, LearnerConfig, TrainConfig, to_json
from lamour_jax.runs import machine


def run_config(
    kind: str, place: str, robot: RecoveryEnv, learner: LearnerConfig, schedule: TrainConfig
) -> dict[str, Any]:
    """The settings of a run as plain data, to which each kind adds its own.

    Args:
      kind: "recover" or "pretrain".
      place: what `envs.make` finds the robot by.
      robot: the environment, on the physics that the run uses.
      learner: the algorithm's settings.
      schedule: the run's.
    """
    [name] = [name for name, settings in LEARNERS.items() if isinstance(learner, settings)]
    return {
        "kind": kind,
        "robot": place,
        "name": robot.name,
        "physics": robot.backend,
        "observation_size": robot.observation_size,
        "action_size": robot.action_size,
        "learner": name,
        name: to_json(learner),
        "train": to_json(schedule),
        "machine": machine(),
    }
