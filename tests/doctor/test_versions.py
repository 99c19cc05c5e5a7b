"""Versions are held against one list, which travels with the package."""

import platform
from importlib import metadata
from pathlib import Path

import pytest

from lamour_jax.doctor import versions
from lamour_jax.doctor.finding import FAIL, OK, WARN
from lamour_jax.doctor.versions import check_python, check_versions

ROOT = Path(__file__).resolve().parents[2]


def test_the_list_that_travels_with_the_package_is_requirements_txt():
    assert versions.tested() == (ROOT / "requirements.txt").read_text(), (
        "cp requirements.txt lamour_jax/doctor/tested.txt"
    )


def test_the_list_is_read_in_the_form_that_names_are_compared_in():
    known = versions.tested_versions()
    assert known["imageio"] == "2.38.1" and known["jax"] == "0.9.2"
    assert "warp-lang" not in known  # in a comment: not installed by default


def test_a_jax_that_is_known_to_be_wrong_fails_with_what_to_install(stub):
    stub("jax", version="0.10.2")
    finding = check_versions()
    assert finding.status == FAIL
    assert "jax 0.10.2 (needed: 0.9.2)" in finding.found
    assert "pip install jax==0.9.2" in finding.advice


def test_another_version_within_the_range_warns(stub):
    stub("flax", version="0.99.0")
    finding = check_versions()
    assert finding.status == WARN
    assert "flax 0.99.0 (tested: 0.12.6)" in finding.found
    assert "flax==0.12.6" in finding.advice


def test_what_only_developers_use_is_not_the_products(stub):
    before = check_versions()
    stub("mypy", version="0.1")
    assert check_versions() == before


def test_a_package_that_is_missing_fails(monkeypatch):
    real = metadata.version

    def version(name):
        if name == "brax":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(versions.metadata, "version", version)
    finding = check_versions()
    assert finding.status == FAIL
    assert "brax is missing (needed: 0.14.2)" in finding.found


@pytest.mark.parametrize(
    ("here", "status"), [("3.11.9", OK), ("3.12.1", WARN), ("3.9.2", FAIL), ("3.110.0", WARN)]
)
def test_the_interpreter(monkeypatch, here, status):
    monkeypatch.setattr(platform, "python_version", lambda: here)
    finding = check_python()
    assert finding.status == status
    assert here in finding.found
    assert bool(finding.advice) == (status != OK)
