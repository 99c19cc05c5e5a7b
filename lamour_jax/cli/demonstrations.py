"""The planned episodes that a run learns from, where its settings ask for them."""

from collections.abc import Mapping

import numpy as np

from envs.base import RecoveryEnv
from envs.starts import Poses
from lamour_jax import hosts
from lamour_jax.cli.plan import plan_aloud
from lamour_jax.config import LearnerConfig, SACConfig
from lamour_jax.demonstrations import Demonstrations, joined, recoveries_of
from lamour_jax.files import write_arrays
from lamour_jax.planning import make_planner
from lamour_jax.policy import Policy
from lamour_jax.recovery import RecoveryRule
from lamour_jax.runs import PLANNED_FILE, Run

STEPS = 200  # control steps of an episode: few plans that found no way by then find one


def planned_demonstrations(
    run: Run,
    env: RecoveryEnv,
    original: Policy,
    rules: Mapping[str, RecoveryRule],
    learner: LearnerConfig,
) -> Demonstrations | None:
    """Recoveries planned for the run, from training's starts, by each of its rewards; None where
    none are asked for, or none succeeded.

    They are planned once: then they are in the run's folder, where a resumed run finds them.

    Args:
      rules: the method's, for each reward program by name.
    """
    if not isinstance(learner, SACConfig) or not learner.planned_episodes:
        return None
    count, seed = learner.planned_episodes, run.config["train"]["seed"]

    def stored() -> Demonstrations:
        file = run.folder / PLANNED_FILE
        if not file.exists():
            parts = []
            for name, rule in rules.items():
                planner = make_planner(env, rule, learner.aux_coef, original)
                planned = plan_aloud(planner, name, count, min(STEPS, env.episode_length), seed)
                recovered = int((planned.recovered_at >= 0).sum())
                print(f"  {recovered} of {count} planned episodes recovered", flush=True)
                parts.append(recoveries_of(planned))
            write_arrays(file, joined(parts)._asdict())
        with np.load(file) as arrays:
            return Demonstrations(**arrays)

    found = hosts.from_leader(stored)
    if len(found.action):
        return found
    if hosts.leads():
        print("no planned episode recovered: learning begins without any", flush=True)
    return None


def begin_among(
    env: RecoveryEnv, demonstrations: Demonstrations | None, learner: LearnerConfig
) -> RecoveryEnv:
    """`env`, whose episodes begin in states of planned ones at the share that the settings say."""
    if demonstrations is None or not isinstance(learner, SACConfig):
        return env
    states = Poses(demonstrations.qpos, demonstrations.qvel)
    return env.with_more_starts(states, learner.planned_start_share)
