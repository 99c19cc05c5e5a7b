"""Broken parts to be found: a package of another version, a JAX that fails in its own way."""

from pathlib import Path

import pytest


@pytest.fixture
def stub(tmp_path, monkeypatch):
    """Puts packages in front of the real ones, for this process and for those that it starts."""
    folder = tmp_path / "stubs"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def put(package: str, *, version: str = "", code: str = "") -> Path:
        if version:
            about = folder / f"{package.replace('-', '_')}-{version}.dist-info" / "METADATA"
            about.parent.mkdir()
            about.write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        if code:
            (folder / f"{package}.py").write_text(code)
        return folder

    return put
