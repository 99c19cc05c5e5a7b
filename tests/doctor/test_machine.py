"""Drawing, films, folders, keys: each broken on purpose."""

import os

import imageio_ffmpeg
import pytest

from lamour_jax.doctor.drawing import check_drawing, check_films
from lamour_jax.doctor.finding import FAIL, OK, WARN
from lamour_jax.doctor.machine import check_cache, check_keys, check_machine, check_output

SECRET = "sk-abcdefghijklmnop"  # no key of anybody's


@pytest.fixture(autouse=True)
def no_keys(monkeypatch):
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [("disable", "MUJOCO_GL=disable switches drawing off"), ("vulkan", "is not known")],
)
def test_no_opengl(monkeypatch, wanted, words):
    monkeypatch.setenv("MUJOCO_GL", wanted)
    finding = check_drawing()
    assert finding.status == WARN
    assert words in finding.found
    assert "apt-get install libegl1" in finding.advice
    assert "reports have no films" in finding.advice


def test_ffmpeg_encodes():
    assert check_films().status == OK


def test_no_ffmpeg(monkeypatch):
    def fail():
        raise RuntimeError("No ffmpeg exe could be found")

    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", fail)
    finding = check_films()
    assert finding.status == WARN and "No ffmpeg exe could be found" in finding.found
    assert "IMAGEIO_FFMPEG_EXE" in finding.advice


@pytest.mark.parametrize(
    ("script", "words"),
    [("echo 'Unknown encoder' >&2; exit 1", "Unknown encoder"), (None, "No such file")],
)
def test_an_ffmpeg_that_does_not_serve(monkeypatch, tmp_path, script, words):
    program = tmp_path / "ffmpeg"
    if script:
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", lambda: str(program))
    finding = check_films()
    assert finding.status == WARN and words in finding.found


def test_a_cache_that_cannot_be_written(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert check_cache().status == OK
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    finding = check_cache()
    assert finding.status == WARN
    assert str(tmp_path / "file") in finding.found and "compiles everything anew" in finding.found
    assert "XDG_CACHE_HOME" in finding.advice


def test_a_folder_that_runs_cannot_be_written_to(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert check_output().status == OK
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(
        "tempfile.TemporaryFile", lambda dir: (_ for _ in ()).throw(PermissionError(13, "denied"))
    )
    finding = check_output()
    assert finding.status == FAIL and "cannot be written (denied)" in finding.found
    assert "--out" in finding.advice


def test_keys_are_named_and_never_shown(monkeypatch):
    assert check_keys().found == "--lvlm openai: no key; --lvlm genai: no key"
    monkeypatch.setenv("GOOGLE_API_KEY", SECRET)
    finding = check_keys()
    assert finding.found == "--lvlm openai: no key; --lvlm genai: key in GOOGLE_API_KEY"
    assert SECRET not in str(finding)


def test_a_key_that_cannot_be_one_is_named_and_not_shown(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", f"{SECRET} and a word")
    finding = check_keys()
    assert finding.status == WARN and "OPENAI_API_KEY" in finding.found
    assert "abcdefgh" not in str(finding)


def test_another_system(monkeypatch):
    assert check_machine().status == OK
    monkeypatch.setattr(os, "name", "nt")
    assert check_machine().status == FAIL
