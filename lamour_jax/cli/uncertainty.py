"""The uncertainty of a run's original policy, which `--method sero` learns from."""

from pathlib import Path

import jax
import numpy as np
from flax.serialization import to_bytes

from envs.wrappers import VectorEnv
from lamour_jax import hosts, networks, rollout, uncertainty
from lamour_jax.cli import common
from lamour_jax.cli.cache import remembered, world_digest
from lamour_jax.compilation import Announced
from lamour_jax.files import cache_folder
from lamour_jax.policy import Policy
from lamour_jax.recovery import Uncertainty
from lamour_jax.runs import VARIANCES_FILE, Run

ROBOTS, STEPS = 64, 1000  # play: a whole episode each, 64 000 states
SEED = 30_000  # far from the seeds of training and evaluation


def original_uncertainty(run: Run, policy: Policy) -> Uncertainty:
    """The uncertainty of the run's original policy.

    Its features' largest variances are measured once: then they are in the run's folder, where a
    resumed run finds them, and in the user's cache, for the next run from this policy.
    """

    def measured() -> list[float]:
        cached = _cache_file(run, policy)
        if cached is None:
            return _measure(run, policy)
        return remembered(cached, lambda: _measure(run, policy))

    largest = hosts.from_leader(lambda: remembered(run.folder / VARIANCES_FILE, measured))
    return uncertainty.make_uncertainty(policy, np.asarray(largest, np.float32))


def _cache_file(run: Run, policy: Policy) -> Path | None:
    world = common.find_env(run.robot).fingerprint()
    if world is None:
        return None
    modules = [Path(str(module.__file__)) for module in (uncertainty, networks, rollout)]
    settings = f"{run.config['physics']} {policy.activation} {ROBOTS} {STEPS} {SEED}".encode()
    digest = world_digest(
        Path(__file__), *modules, content=world + settings + to_bytes(policy.params)
    )
    return cache_folder("variances") / f"{run.robot_name}-{digest}.json"


def _measure(run: Run, policy: Policy) -> list[float]:
    print(f"measuring the original policy's uncertainty in {ROBOTS * STEPS} states ...", flush=True)
    env = VectorEnv(common.make_env(run.robot, "normal", run.config["physics"]), ROBOTS)

    def largest(seed: jax.Array) -> jax.Array:
        return uncertainty.largest_variances(policy, env, jax.random.key(seed), STEPS)

    return np.asarray(Announced("its episodes", largest)(np.int32(SEED))).tolist()
