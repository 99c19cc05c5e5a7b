"""JAX's settings for all tests, the released policies, and small ready-made parts."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OFFICIAL = ROOT.parent / "shared" / "official"
ROBOTS = ("ant", "half_cheetah", "hopper", "humanoid", "walker2d")
_RELEASED = {
    "ant": "Ant_actor_1.pt",
    "half_cheetah": "HalfCheetah_actor_1.pt",
    "hopper": "Hopper_actor_1.pt",
    "humanoid": "Humanoid_actor_3.pt",
    "walker2d": "Walker2d_actor_1.pt",
}

# Compiled programs outlive the test run. Environment variables, so that no test pays for an import
# that it does not need, and processes that a test starts have the cache, too.
_CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "lamour_jax" / "tests"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(_CACHE))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
os.environ.setdefault("JAX_DEFAULT_MATMUL_PRECISION", "highest")
# As `lamour` sets it. JAX sets 1, for processes that a test starts, too: XLA's word on each program
# from the cache would fill a pipe that nobody empties, and the process would wait for ever.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def released_actor(robot: str) -> Path:
    """The path of a released PyTorch policy; skips the test where they are not at hand."""
    path = OFFICIAL / _RELEASED[robot]
    if not path.is_file():
        pytest.skip("the released policies (../shared/official) are not here")
    return path
