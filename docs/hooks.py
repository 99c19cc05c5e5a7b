"""What the site needs beyond Markdown: equations as MathML, which browsers draw without a script,
and links to files beside `docs/`, which lead to the repository."""

import re
import tomllib
from pathlib import Path

from latex2mathml.converter import convert

_ROOT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"^\$\$\n(.+?)\n\$\$$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"(?<![\\$`\w])\$([^$\n`]+?)\$(?![\d$])")
_FENCED = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)


def on_page_markdown(markdown, page, config, files):
    parts = _FENCED.split(markdown)  # code is left alone
    text = "".join(part if i % 2 else _with_equations(part) for i, part in enumerate(parts))
    return re.sub(r"\]\(\.\./([^)]+)\)", rf"]({repository()}/blob/main/\1)", text)


def repository() -> str:
    """The repository's address: pyproject.toml is the one place where it is written."""
    about = tomllib.loads((_ROOT / "pyproject.toml").read_text())
    return about["project"]["urls"]["Repository"]


def _block(equation: str) -> str:
    return f'\n<div class="equation">{convert(equation, display="block")}</div>\n'


def _with_equations(text: str) -> str:
    text = _BLOCK.sub(lambda m: _block(m[1]), text)
    return _INLINE.sub(lambda m: convert(m[1]), text)
