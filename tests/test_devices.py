"""Eight virtual devices train as one does, each with an eighth of the work."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from lamour_jax.devices import make_mesh
from lamour_jax.errors import UserError


def on_eight_devices(what: str) -> Any:
    """What `on_eight_devices.py` finds, in a process of its own."""
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
    result = subprocess.run(
        [sys.executable, "-m", "tests.on_eight_devices", what],
        capture_output=True, text=True, env={**os.environ, **flags}, timeout=500, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    "what",
    ["sac", *(pytest.param(name, marks=pytest.mark.slow) for name in ("ppo", "sero", "hopper"))],
)
def test_eight_devices_learn_what_one_learns(what):
    found = on_eight_devices(what)
    assert found["moved"] > 0.01  # there was something to learn
    assert found["difference"] < 2e-3  # sums in another order, through twenty iterations
    assert found["metrics_difference"] < 2e-3
    # An eighth, and the optimisers' steps, which every device takes for itself.
    assert 1 / 8 <= found["work"] < 1 / 6
    assert [shape[0] for shape in found["robot_shards"]] == [2] * 8
    assert found["actor_is_whole"]
    # Gradients are summed over devices; transitions stay where they are.
    assert found["reduced"]
    assert found["gathered"] < 256 * 6


@pytest.mark.slow
def test_a_population_is_spread_by_member_first():
    found = on_eight_devices("population")
    assert found["difference"] < 2e-3 < 0.01 < found["members_differ"]
    assert [shape[:3] for shape in found["row_shards"]] == [[1, 2, 128]] * 8


def test_numbers_that_devices_cannot_share_are_refused():
    assert dict(make_mesh(None).shape) == {"members": 1, "robots": 1}
    with pytest.raises(UserError, match="--devices must be 1 on this machine, not 4"):
        make_mesh(4)
    assert on_eight_devices("refusals") == [
        "--devices must be 1 to 8 on this machine, not 9",
        "6 devices cannot share batch_size = 128 evenly; --devices 1 or 2 can",
        # Two members take half of the devices each.
        "6 devices cannot share batch_size = 128 evenly; --devices 1, 2 or 4 can",
        "8 devices cannot share num_envs = 7 evenly; --devices 1 or 7 can",
    ]
