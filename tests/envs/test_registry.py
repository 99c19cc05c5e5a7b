"""Environments by name, and what an unknown name is told."""

import pytest
from brax.envs.base import Env

import envs
from envs.physics import resolve_engine


def test_every_name_makes_its_environment():
    for name in envs.names():
        env = envs.make(name, engine="native")
        assert isinstance(env, Env)
        assert (env.name, env.start_name) == (name, "ood")


def test_unknown_robot_lists_the_known():
    with pytest.raises(
        ValueError, match=r"'beetle'.*ant, half_cheetah, hopper, humanoid, walker2d"
    ):
        envs.make("beetle")


def test_unknown_start_lists_the_known():
    with pytest.raises(ValueError, match=r"'sideways'.*normal, ood"):
        envs.make("hopper", "sideways")


def test_unknown_engine_lists_the_known():
    with pytest.raises(ValueError, match=r"'bullet'.*auto, native, mjx, warp"):
        envs.make("hopper", engine="bullet")


def test_auto_is_native_on_a_cpu(monkeypatch):
    for backend, engine in (("cpu", "native"), ("gpu", "mjx"), ("tpu", "mjx")):
        monkeypatch.setattr("jax.default_backend", lambda backend=backend: backend)
        assert resolve_engine("auto") == engine
        for named in ("native", "mjx", "warp"):
            assert resolve_engine(named) == named


def test_missing_models_say_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install gymnasium"):
        envs.make("hopper")
