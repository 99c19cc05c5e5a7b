"""Robots of other packages: by entry points, by a class in a file, by a call."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

import envs
from envs.registry import GROUP
from tests.pages import ROOT, own_robots_page
from tests.scripted import Scripted


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return own_robots_page(tmp_path_factory.mktemp("page"))


def run(program: str, *paths: Path) -> str:
    """What a program prints, in a process of its own that finds packages in `paths`, too."""
    path = os.pathsep.join(map(str, [*paths, ROOT]))
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not result.returncode, result.stderr
    return result.stdout.strip()


@pytest.fixture
def distribution(page, tmp_path):
    """An installed package with the documentation's crab, and one that cannot be imported."""
    info = tmp_path / "crabs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: crabs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[{GROUP}]\ncrab = crabs.envs:Crab\nlost = crabs.nowhere:Crab\nant = crabs.envs:Crab\n"
    )
    package = tmp_path / "crabs"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "envs.py").write_text((page / "crab.py").read_text())
    return tmp_path


def test_a_package_makes_its_robot_known(distribution):
    program = """
import sys, envs
print(envs.names()[len(envs.shipped()):], envs.names()[0])
print("jax" in sys.modules, "crabs" in sys.modules)
print(type(envs.make("crab", "ood", "native")).__module__, envs.find("ant").__module__)
try:
    envs.make("lost")
except ValueError as error:
    print(error)
"""
    names, heavy, found, error = run(program, distribution).splitlines()
    assert names == "('crab', 'lost') ant"
    assert heavy == "False False"
    assert found == "crabs.envs envs.ant"  # our own names are not given away
    assert "the registered robot 'lost': crabs.nowhere cannot be imported" in error


def test_a_class_in_a_file_is_a_robot(page):
    env = envs.make(f"{page / 'crab.py'}:Crab", "normal", "native")
    assert (env.name, env.starts(), env.fingerprint()) == ("crab", ("normal", "ood"), None)
    begun = env.reset_to(jnp.zeros(2), jnp.zeros(2))
    reached = jax.jit(env.step)(begun, jnp.array([1.0, 0.0]))
    moved = float(reached.pipeline_state.physics.qpos[0])
    assert float(reached.reward) == pytest.approx(moved / 0.05 - 0.1, abs=1e-4)
    assert "0 | lean | rad | any | angle of shell" in env.description.state


def test_a_registered_class_is_found_by_its_name(monkeypatch):
    monkeypatch.setattr("envs.registry._registered", {})
    envs.register("scripted", Scripted)
    assert "scripted" in envs.names()
    assert envs.find("scripted") is Scripted
    envs.register("also-scripted", "tests.scripted:Scripted")
    assert envs.find("also-scripted") is Scripted
    with pytest.raises(ValueError, match="ships with this package"):
        envs.register("ant", Scripted)
    with pytest.raises(ValueError, match="is no name for a robot"):
        envs.register("a:b", Scripted)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("unicorn", "unknown robot 'unicorn': choose one of ant, .*FILE.toml.*lamour_jax.environ"),
        ("lost.toml", "there is no file .*lost.toml"),
        ("lost.py:Crab", "cannot be imported .*there is no file"),
        ("nowhere.at.all:Crab", "nowhere.at.all cannot be imported"),
        ("tests.scripted:Lost", "there is no 'Lost' in tests.scripted"),
        ("tests.scripted:program", "is no subclass of envs.base.RecoveryEnv"),
        ("envs.base:RecoveryEnv", "lacks build_spec, compute_task_reward, .*name, original_task"),
    ],
)
def test_what_cannot_be_found_is_said(name, complaint):
    with pytest.raises(ValueError, match=complaint):
        envs.make(name)
