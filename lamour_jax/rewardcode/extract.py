"""From a language model's answer to Python source: Markdown fences and prose off, helpers kept."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings

from .findings import fail_whole
from .limits import MAX_ANSWER_BYTES, check_size

REQUIRED = ("is_recovered", "calculate_reward")
_FENCE = re.compile(r"^[ \t]*(?:```+|~~~+)[ \t]*([\w+.-]*)[^\n]*$", re.MULTILINE)
_MAX_TRAILING_LINES = 100
_CODE_START = re.compile(r"^(?:import |from |def |@|#|[A-Za-z_]\w*\s*(?::[^=\n]+)?=[^=])")


def extract(answer: str) -> str:
    """The Python source in an answer, with both functions in it.

    Raises RewardCodeError where there is no code, or one of the functions is missing.
    """
    if len(answer) > MAX_ANSWER_BYTES:
        raise fail_whole("too-long", f"the answer has {len(answer)} characters")
    text = answer.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    blocks = _fenced_blocks(text)
    source = _choose(blocks) if blocks else _without_prose(text)
    if not source.strip():
        raise fail_whole("no-code", "the answer holds no code", "answer with a Python code block")
    check_size(source)
    missing = [name for name in REQUIRED if not _defines(source, name)]
    if missing:
        raise fail_whole(
            "missing-function",
            f"not defined: {', '.join(missing)}",
            "define is_recovered(state) and calculate_reward(state, action)",
        )
    return source.strip("\n") + "\n"


def _fenced_blocks(text: str) -> list[str]:
    """Contents of the code fences; one that is never closed runs to the end."""
    fences = list(_FENCE.finditer(text))
    blocks = []
    for opening, closing in zip(fences[::2], [*fences[1::2], None], strict=False):
        end = closing.start() if closing else len(text)
        if opening.group(1).lower() in ("", "python", "py", "python3"):
            blocks.append(textwrap.dedent(text[opening.end() : end]).strip("\n"))
    return blocks


def _choose(blocks: list[str]) -> str:
    """The last complete block (a final version follows its drafts), else all together."""
    complete = [block for block in blocks if all(_defines(block, name) for name in REQUIRED)]
    return complete[-1] if complete else "\n\n".join(filter(_looks_like_code, blocks))


def _defines(source: str, name: str) -> bool:
    return re.search(rf"^def\s+{name}\s*\(", source, re.MULTILINE) is not None


def _looks_like_code(block: str) -> bool:
    return any(_CODE_START.match(line) for line in block.splitlines())


def _without_prose(text: str) -> str:
    """Code that stands in an answer without fences: from its first line on, trailing prose off."""
    check_size(text)
    lines = textwrap.dedent(text).split("\n")
    while lines and not (_CODE_START.match(lines[0]) or _opens_docstring(lines)):
        lines.pop(0)
    source = "\n".join(lines)
    for end in range(len(lines), max(len(lines) - _MAX_TRAILING_LINES, 0), -1):
        shortened = "\n".join(lines[:end])
        if _parses(shortened):
            lost = [name for name in REQUIRED if _defines(source, name) > _defines(shortened, name)]
            return source if lost else shortened
    return source


def _opens_docstring(lines: list[str]) -> bool:
    return lines[0].startswith(('"""', "'''"))


def _parses(source: str) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"):  # `1if x`, say: the findings tell more
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
