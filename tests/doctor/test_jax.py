"""A JAX that is wrong, cannot be imported, hangs or crashes is told of, and survived."""

import numpy as np
import pytest

from lamour_jax.doctor import jax_numbers
from lamour_jax.doctor.finding import FAIL, OK, WARN
from lamour_jax.doctor.numbers import check_devices, check_numbers


def test_this_jax_computes_what_numpy_does():
    finding = check_numbers()
    assert finding.status == OK, finding
    assert "5 programs agree" in finding.found


def test_devices_are_named(monkeypatch):
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=3")
    finding = check_devices()
    assert (finding.status, finding.found) == (OK, "3 x cpu (cpu)")


def test_an_accelerator_that_jax_does_not_use(monkeypatch, tmp_path):
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "nvidia0").touch()
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    finding = check_devices(root=tmp_path)
    assert finding.status == WARN and "an NVIDIA GPU that JAX does not use" in finding.found
    assert "unset JAX_PLATFORMS" in finding.advice
    monkeypatch.setenv("JAX_PLATFORMS", "")
    assert "pip install -e '.[cuda]'" in check_devices(root=tmp_path).advice


def test_devices_that_are_not_here(monkeypatch):
    monkeypatch.setenv("JAX_PLATFORMS", "tpu")
    finding = check_devices()
    assert finding.status == FAIL
    assert "JAX finds no devices" in finding.found
    assert "JAX_PLATFORMS=tpu asks for what is not here" in finding.advice


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise ImportError('no such symbol')", "ImportError: no such symbol"),
        ("import os; os.abort()", "crashed (SIGABRT)"),
        ("import os; os._exit(7)", "ended with exit code 7"),
    ],
)
def test_a_jax_that_cannot_even_be_imported(stub, code, words):
    stub("jax", code=code)
    for finding in (check_devices(), check_numbers()):
        assert finding.status == FAIL
        assert words in finding.found
        assert "pip install jax==0.9.2 jaxlib==0.9.2" in finding.advice


def test_a_jax_that_hangs(stub):
    stub("jax", code="import time; time.sleep(600)")
    finding = check_devices(limit=1.0)
    assert (finding.status, "did not end within 1 s" in finding.found) == (FAIL, True)


def test_a_program_that_crashes_is_named(stub):
    stub(
        "jax",
        code="import os\n__version__ = '9'\ndevices = lambda: []\n"
        "def __getattr__(name):\n    os.abort() if name == 'numpy' else None\n"
        "    raise AttributeError(name)\n",
    )
    finding = check_numbers()
    assert finding.status == FAIL
    assert finding.found.startswith("a vmapped product, reduced: ")


@pytest.mark.parametrize("wrong", [1.001, np.nan])
def test_wrong_numbers_are_seen(wrong):
    expected = np.linspace(-1.0, 1.0, 100)
    assert jax_numbers.relative_error(expected + 1e-7, expected) < 1e-6
    computed = np.where(np.arange(100) == 70, wrong * expected, expected)
    with pytest.raises(ArithmeticError, match="wrong numbers"):
        jax_numbers.relative_error(computed, expected)
