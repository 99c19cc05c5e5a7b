"""Bait for code that tries to get out: a file, a secret and an open port, all to stay untouched."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

SECRET_VALUE = "swordfish-7734"


@pytest.fixture(scope="session")
def server() -> Iterator[socket.socket]:
    """A socket that listens and never hears anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def bait(
    tmp_path: Path, server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """What the words in capitals stand for in escapes; checks that nobody has touched any of it."""
    monkeypatch.setenv("LAMOUR_SECRET", SECRET_VALUE)
    monkeypatch.chdir(tmp_path)
    kept = tmp_path / "kept"
    kept.write_text(SECRET_VALUE)
    yield {
        "CANARY": str(tmp_path / "canary"),
        "KEPT": str(kept),
        "PORT": str(server.getsockname()[1]),
        "SECRET": "LAMOUR_SECRET",
    }
    assert list(tmp_path.iterdir()) == [kept] and kept.read_text() == SECRET_VALUE
    assert select.select([server], [], [], 0.0) == ([], [], [])
