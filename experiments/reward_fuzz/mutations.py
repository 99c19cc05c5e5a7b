"""Changes to reward code that break it in small ways: of characters, of tokens, of the tree."""

from __future__ import annotations

import ast
import copy
import random
import re
import warnings
from collections.abc import Callable, Sequence

_TOKEN = re.compile(r"\w+|\n[ \t]*|[ \t]+|.", re.DOTALL)
_ODD_TEXT = (
    "\0", "\t", "\r", "\x0c", "\\\n", "\u2028", "\ufeff", "\ud800", "_", "__", "\uff3f", "\xe9",
    "\U0001d41e", "(", ")", "[", "]", "{", "}", "*", "**", "@", ":=", "->", "'", '"""', "#", "`",
    "```\n", "0x", "9", "1e999", "lambda: ", "yield ", "await ", "...", ";", "\n", "\n    ",
)  # fmt: skip
_ODD_EXPRESSIONS = (
    "0", "-1", "True", "None", "...", "'text'", "''", "[]", "()", "{}", "{'a': 1}", "1e308",
    "-1e999", "2147483647", "2**31", "0.1", "state", "action", "state[0]", "state[-1]",
    "state[0:0]", "np", "np.sum", "math", "len", "float", "np.nan", "np.zeros(0)",
    "np.ones((2, 3))", "lambda: 0", "[state, 1]", "[[1], [2, 3]]", "np.arange(5)", "state > 0",
    "state[state > 0]", "range(3)", "x", "abs", "slice(1)", "np.float64", "zip()", "np.array('a')",
    "2 * [state]", "(1, 2)[5]",
)  # fmt: skip
_OPERATORS = (
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult, ast.BitAnd,
    ast.BitOr, ast.BitXor, ast.LShift,
)  # fmt: skip


def mutated(rng: random.Random, text: str, corpus: Sequence[str]) -> str:
    """A program with one to four changes; `corpus` lends pieces of other programs."""
    for _ in range(rng.randrange(1, 5)):
        text = rng.choice(_MUTATIONS)(rng, text, corpus)
    return text


# Characters


def _characters(rng: random.Random, text: str, corpus: Sequence[str]) -> str:
    start = rng.randrange(len(text) + 1)
    end = min(len(text), start + rng.choice((0, 0, 1, 1, 3, 20)))
    return text[:start] + rng.choice(("", *_ODD_TEXT, chr(rng.randrange(0x3000)))) + text[end:]


def _splice(rng: random.Random, text: str, corpus: Sequence[str]) -> str:
    other = rng.choice(corpus)
    start = rng.randrange(len(other) + 1)
    place = rng.randrange(len(text) + 1)
    return text[:place] + other[start : start + rng.randrange(200)] + text[place:]


# Tokens


def _tokens(rng: random.Random, text: str, corpus: Sequence[str]) -> str:
    tokens = _TOKEN.findall(text) or [""]
    one, other = rng.randrange(len(tokens)), rng.randrange(len(tokens))
    kind = rng.randrange(5)
    if kind == 0:
        del tokens[one]
    elif kind == 1:
        tokens.insert(other, tokens[one])
    elif kind == 2:
        tokens[one], tokens[other] = tokens[other], tokens[one]
    elif kind == 3:
        tokens[one] = rng.choice(_TOKEN.findall(rng.choice(corpus)) or [""])
    else:
        tokens[one] = tokens[other]
    return "".join(tokens)


def _lines(rng: random.Random, text: str, corpus: Sequence[str]) -> str:
    lines = text.split("\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.randrange(4)
    if kind == 0:
        del lines[one]
    elif kind == 1:
        lines.insert(other, lines[one])
    elif kind == 2:
        lines[one] = rng.choice(("    ", "  ", "")) + lines[one]
    else:
        lines[one] = rng.choice(rng.choice(corpus).split("\n"))
    return "\n".join(lines)


# The syntax tree


def _tree(rng: random.Random, text: str, corpus: Sequence[str]) -> str:
    """One expression, operator or statement replaced; unchanged where the text does not parse."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree, donor = ast.parse(text), ast.parse(rng.choice(corpus))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text
    change = rng.choice((_replace_expression, _replace_expression, _replace_operator, _statements))
    change(rng, tree, donor)
    try:
        return ast.unparse(ast.fix_missing_locations(tree)) + "\n"
    except (ValueError, RecursionError, AttributeError, TypeError):
        return text


def _replace_expression(rng: random.Random, tree: ast.AST, donor: ast.AST) -> None:
    places = [
        (node, name, None) for node in ast.walk(tree) for name, value in ast.iter_fields(node)
        if isinstance(value, ast.expr)
    ] + [
        (node, name, index) for node in ast.walk(tree) for name, value in ast.iter_fields(node)
        if isinstance(value, list) for index, item in enumerate(value) if isinstance(item, ast.expr)
    ]  # fmt: skip
    if not places:
        return
    parent, name, index = rng.choice(places)
    if rng.randrange(2):
        new = ast.parse(rng.choice(_ODD_EXPRESSIONS), mode="eval").body
    else:
        lent = [node for node in ast.walk(donor) if isinstance(node, ast.expr)]
        new = copy.deepcopy(rng.choice(lent)) if lent else ast.Constant(0)
    if index is None:
        setattr(parent, name, new)
    else:
        getattr(parent, name)[index] = new


def _replace_operator(rng: random.Random, tree: ast.AST, donor: ast.AST) -> None:
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.BinOp | ast.AugAssign)]
    if nodes:
        rng.choice(nodes).op = rng.choice(_OPERATORS)()


def _statements(rng: random.Random, tree: ast.AST, donor: ast.AST) -> None:
    blocks = [
        value for node in ast.walk(tree) for _, value in ast.iter_fields(node)
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt)
    ]  # fmt: skip
    if not blocks:
        return
    block = rng.choice(blocks)
    place = rng.randrange(len(block))
    if rng.randrange(3) == 0 and len(block) > 1:
        del block[place]
    else:
        lent = [node for node in ast.walk(donor) if isinstance(node, ast.stmt)]
        block.insert(place, copy.deepcopy(rng.choice(lent)) if lent else ast.Pass())


_MUTATIONS: tuple[Callable[[random.Random, str, Sequence[str]], str], ...] = (
    _characters, _characters, _splice, _tokens, _tokens, _tokens, _lines, _lines, _tree, _tree,
    _tree, _tree, _tree,
)  # fmt: skip
