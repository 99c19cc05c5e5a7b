"""Booleans in arithmetic: Python counts them, NumPy combines them.

`True + True` is 2, `np.True_ + np.True_` is True; `-True` is -1, `-np.True_` a TypeError. Which of
the two a value is depends on where it comes from (`float(x) > 0` or `x > 0`), and after a condition
that can be open: such arithmetic is refused.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from itertools import product

from ..findings import RewardCodeError, fail
from .values import NUMPY_BOOL, PYTHON_BOOL, Traced, Value, as_traced, leaves

_BITWISE = (ast.BitAnd, ast.BitOr, ast.BitXor)
# The same number from either sort of boolean.
_SAME = (*_BITWISE, ast.Div, ast.cmpop)


def sorts_of_pairs(left: frozenset[str], right: frozenset[str]) -> frozenset[str]:
    """How two booleans of these sorts are calculated with: as Python's only where both are."""
    return frozenset(
        PYTHON_BOOL if set(pair) == {PYTHON_BOOL} else NUMPY_BOOL for pair in product(left, right)
    )


def is_open(op: ast.AST, sorts: frozenset[str]) -> bool:
    """Does the result depend on which of these sorts it is?"""
    return len(sorts) > 1 and not isinstance(op, _SAME)


def counts(op: ast.AST, sorts: frozenset[str]) -> bool:
    """Are both operands Python's booleans, which arithmetic takes for 0 and 1?"""
    return sorts == {PYTHON_BOOL} and not isinstance(op, (*_BITWISE, ast.cmpop))


def check_binary(node: ast.AST, op: ast.AST, left: Value, right: Value) -> None:
    """Refuse `left op right` where both may be booleans and it is open of which sort."""
    one, other = as_traced(left), as_traced(right)
    if one is None or other is None or isinstance(op, ast.Div | ast.cmpop):
        return
    sorts = sorts_of_pairs(one.bools, other.bools)
    numbers = "b" not in (one.kind, other.kind) or one.kind != other.kind
    if is_open(op, sorts) or (numbers and NUMPY_BOOL in sorts):
        raise open_sort(node)


def with_origin(result: Traced, operands: list[Value]) -> Traced:
    """The result of an operator, which is NumPy's if one operand is: open if that is open."""
    numbers = [as_traced(operand) for operand in operands]
    python = [n is not None and n.python for n in numbers]
    if all(python) or not all(n is not None and (n.python or n.mixed) for n in numbers):
        return result
    bools = frozenset([PYTHON_BOOL, NUMPY_BOOL] if result.kind == "b" else [])
    return replace(result, python=False, mixed=True, bools=bools)


def check_unary(node: ast.AST, op: ast.AST, value: Traced) -> None:
    """Refuse the sign, the size or the opposite of what may be a boolean that has none."""
    if isinstance(op, ast.Invert):
        if value.bools != {NUMPY_BOOL} or value.kind != "b":
            raise fail(node, "invert", "~ of this is a number, not its opposite", "use not")
    elif value.bools == {NUMPY_BOOL} and value.kind == "b":
        raise fail(node, "fails", "NumPy has no sign for booleans", "use float(...)")
    elif NUMPY_BOOL in value.bools:
        raise open_sort(node)


def check_array_arguments(node: ast.AST, values: list[Value], result: Traced) -> None:
    """Refuse NumPy functions of what is a boolean on some path only: NumPy would calculate with
    other types there."""
    numbers = [as_traced(leaf) for value in values for leaf in leaves(value)]
    found = [number for number in numbers if number is not None]
    sometimes = any(number.bools and number.kind != "b" for number in found)
    if sometimes and all(number.bools for number in found) and result.kind != "b":
        raise open_sort(node)


def open_sort(node: ast.AST) -> RewardCodeError:
    """What is said about arithmetic whose result depends on the sort of booleans."""
    return fail(
        node, "boolean-arithmetic",
        "whether Python's or NumPy's booleans are calculated with depends on the state, or varies",
    )  # fmt: skip
