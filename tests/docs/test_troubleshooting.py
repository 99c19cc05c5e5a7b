"""Each message that the page quotes is one that the program says."""

import ast
import re

import pytest

from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "troubleshooting.md"
GAP = "\0"  # where a message holds a value


@pytest.fixture(scope="module")
def known() -> list[str]:
    """All texts in the code, values left out."""
    found = []
    for path in [*(ROOT / "lamour_jax").rglob("*.py"), *(ROOT / "envs").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                parts = (p.value if isinstance(p, ast.Constant) else GAP for p in node.values)
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


def quotes() -> list[str]:
    return re.findall(r"^> `(.+)`$", PAGE.read_text(), re.MULTILINE)


def said(quote: str, known: list[str]) -> bool:
    """Whether a message holds the quote; "..." stands for anything."""
    pieces = [re.escape(piece.strip()) for piece in quote.split("...")]
    pattern = re.compile(".*".join(pieces), re.DOTALL)
    return any(pattern.search(message) for message in known)


def test_quoted_messages_exist(known):
    assert len(quotes()) > 20
    assert [quote for quote in quotes() if not said(quote, known)] == []


def test_a_message_that_nobody_says_is_noticed(known):
    assert not said("the flux capacitor is empty", known)
    assert said("JAX_PLATFORMS=... asks for devices", [f"JAX_PLATFORMS={GAP} asks for devices"])
