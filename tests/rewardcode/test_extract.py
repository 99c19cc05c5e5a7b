"""What counts as the code of an answer."""

from __future__ import annotations

import textwrap

import pytest

from lamour_jax.rewardcode import RewardCodeError, extract

CODE = """import numpy as np

def is_recovered(state):
    return 1

def calculate_reward(state, action):
    return -state[0]
"""
GATE, REWARD = CODE.split("\n\n")[1], CODE.split("\n\n")[2]


@pytest.mark.parametrize(
    "answer",
    [
        CODE,
        f"```python\n{CODE}```",
        f"Here is the code:\n\n```python\n{CODE}```\n\nIt rewards standing up.",
        f"```\n{CODE}```",
        f"~~~py\n{CODE}~~~",
        f"Sure!\r\n```Python\r\n{CODE}```\r\n".replace("\n", "\r\n").replace("\r\r", "\r"),
        f"The two functions:\n\n{CODE}",
        f"{CODE}\nThis code rewards the robot for standing up.\nGood luck!",
        f"```python\n{CODE}",
        "  1. Code:\n\n" + textwrap.indent(f"```python\n{CODE}```", "    "),
        f"\ufeff{CODE}",
        textwrap.indent(CODE, "    "),
        f"```bash\npip install numpy\n```\n\n```python\n{CODE}```\n",
    ],
    ids=[
        "bare", "fenced", "prose around", "no language", "tildes", "CRLF", "prose before",
        "prose after", "unclosed", "indented fence", "BOM", "indented", "shell beside",
    ],
)  # fmt: skip
def test_same_code_however_wrapped(answer: str) -> None:
    assert extract(answer) == CODE


def test_the_last_complete_block_is_the_answer() -> None:
    draft = CODE.replace("state[0]", "state[1]")
    assert extract(f"Draft:\n```python\n{draft}```\nFinal:\n```python\n{CODE}```\n") == CODE


def test_functions_in_blocks_of_their_own_are_joined() -> None:
    source = extract(f"First:\n```python\n{GATE}\n```\nThen:\n```python\n{REWARD}```\n")
    assert "def is_recovered" in source and "def calculate_reward" in source
    assert "First" not in source and "Then" not in source


def test_helpers_and_constants_stay() -> None:
    code = 'LIMIT = 0.5\n\n\ndef helper(x):\n    """Half."""\n    return x / 2\n\n\n' + CODE
    assert extract(f"Answer:\n{code}") == code


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ("", "no-code"),
        ("I cannot help with that.", "no-code"),
        ("```python\n```", "no-code"),
        (f"```python\n{GATE}\n```", "missing-function"),
        (f"```python\n# {REWARD}```", "missing-function"),
        ("x = 1\n" * 3000 + CODE, "too-long"),
        ("word " * 100_000, "too-long"),
    ],
)
def test_refused(answer: str, rule: str) -> None:
    with pytest.raises(RewardCodeError) as error:
        extract(answer)
    assert error.value.findings[0].rule == rule


def test_broken_code_is_kept_for_its_syntax_error() -> None:
    broken = CODE.replace("return 1", "return (1")
    assert "return (1" in extract(broken)
