"""The sample states that are kept between commands."""

import subprocess
import sys

import numpy as np
import pytest

from lamour_jax.cli import sample_cache
from lamour_jax.errors import UserError

FIELDS = ("random", "healthy", "ood", "actions", "path")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "lamour_jax" / "samples"


def _same(a, b):
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in FIELDS)


def test_the_second_time_they_are_read_without_physics(cache):
    made = sample_cache.samples_for("hopper")
    assert len(list(cache.iterdir())) == 1
    program = (
        "import sys; from lamour_jax.cli.sample_cache import samples_for\n"
        "print(samples_for('hopper').ood.sum().hex(), 'mujoco.mjx' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == [made.ood.sum().hex(), "False"]


@pytest.mark.parametrize("damage", [b"", b"not an archive", None])
def test_a_damaged_file_is_made_anew(cache, damage):
    made = sample_cache.samples_for("hopper")
    [file] = cache.iterdir()
    file.write_bytes(file.read_bytes()[:1000] if damage is None else damage)
    assert _same(sample_cache.samples_for("hopper"), made)
    assert _same(sample_cache.samples_for("hopper"), made)


def test_a_cache_that_cannot_be_written_does_not_matter(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert sample_cache.samples_for("hopper").state_size == 11


def test_an_unknown_robot_is_the_users_error(cache):
    with pytest.raises(UserError, match="unknown robot 'horse'"):
        sample_cache.samples_for("horse")
