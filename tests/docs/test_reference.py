"""What the pages say of the code is what the code says."""

import dataclasses
import importlib.util
import json
import re

import pytest

from lamour_jax.cli.main import COMMANDS
from lamour_jax.config import PPOConfig, SACConfig
from tests.docs.pages import NOTEBOOKS, ROOT


@pytest.fixture(scope="module")
def reference():
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs/generate_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_current(reference):
    stale = [path.name for path, text in reference.pages().items() if path.read_text() != text]
    assert stale == [], "run make reference"


def test_every_command_and_setting_is_there(reference):
    commands, settings = reference.commands(), reference.settings()
    assert all(f"## lamour {name}" in commands for name in COMMANDS)
    assert "| `--preset` PRESET | `fast` |" in commands
    for kind in (SACConfig, PPOConfig):
        assert all(f"| `{field.name}` |" in settings for field in dataclasses.fields(kind))
    assert "| `critic_layer_norm` | False | True | True |" in settings
    assert re.findall(r"^\| `(\w+)` \|.*\|  \|$", settings, re.MULTILINE) == [], "without a meaning"


def test_comments_belong_to_their_field(reference):
    comments = reference.field_comments(SACConfig)
    assert comments["dropout_rate"].startswith("in the trained actor")
    assert comments["longest_noise"].startswith("Of exploration, in control steps")
    assert comments["gamma"] == ""


def test_the_address_is_written_once(reference):
    about = (ROOT / "pyproject.toml").read_text()
    owner = re.search(r'Repository = "https://github.com/([^"]+)"', about)[1]
    badge = f"https://colab.research.google.com/github/{owner}/blob/main/experiments/notebooks/"
    for notebook in NOTEBOOKS:
        first = "".join(json.loads(notebook.read_text())["cells"][0]["source"])
        assert f"{badge}{notebook.name}" in first
    moved = reference.with_address("https://colab.research.google.com/github/a/b/blob/main/x")
    assert moved == f"https://colab.research.google.com/github/{owner}/blob/main/x"
