"""What is measured: a robot with its rewards and its original policy."""

from collections.abc import Callable
from dataclasses import dataclass

from envs.base import RecoveryEnv
from lamour_jax.policy import Policy
from lamour_jax.recovery import RecoveryRule


@dataclass(frozen=True)
class Subject:
    """A robot to be measured.

    Attributes:
      robot: its name.
      make_env: engine -> the robot at its OOD start.
      rule: the recorded reward program's.
      plain_rule: rewards without a program.
      original: the original policy, which consolidation keeps close to.
    """

    robot: str
    make_env: Callable[[str], RecoveryEnv]
    rule: RecoveryRule
    plain_rule: RecoveryRule
    original: Policy
