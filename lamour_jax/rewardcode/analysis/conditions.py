"""Truth, comparison and membership of known and traced values."""

from __future__ import annotations

import ast

from ..findings import fail
from .arrays import BINARY, binary, describe, known, sample
from .containers import elements
from .values import PYTHON_BOOL, Items, Known, Mapping, Traced, Value, as_traced, is_numeric


def is_true(node: ast.AST, value: Value) -> bool:
    """Python's truth of a value that is known."""
    if isinstance(value, Known):
        return bool(value.value)
    if isinstance(value, Items | Mapping):
        return bool(value.items)
    raise fail(node, "not-a-condition", f"{describe(value)} is no condition")


def check_truth(node: ast.AST, value: Traced) -> None:
    """A traced condition has to be one number."""
    if value.shape not in ((), (1,)) or value.mask is not None:
        raise fail(
            node, "array-truth", f"{describe(value)} is neither true nor false",
            "use np.all(...) or np.any(...)",
        )  # fmt: skip


def compare(node: ast.Compare, values: list[Value]) -> Value:
    """`a < b < c`, `in` and `is`, of operands that have been evaluated."""
    results: list[Value] = []
    for op, left, right in zip(node.ops, values, values[1:], strict=False):
        result = _compare_pair(node, op, left, right)
        if isinstance(result, Known) and not result.value and not results:
            return result
        results.append(result)
    traced = [result for result in results if isinstance(result, Traced)]
    if not traced:
        return Known(all(result.value for result in results if isinstance(result, Known)))
    if len(results) == 1:
        return results[0]
    for result in traced:
        check_truth(node, result)
    concrete = any(result.concrete for result in traced)
    # As `and` does, a chain gives the first of its results that is false, or else the last.
    given = [r for r in (*results[1:], results[0]) if r is not results[0] or r in traced]
    bools = frozenset[str]().union(*(n.bools for r in given if (n := as_traced(r)) is not None))
    python, mixed = bools == {PYTHON_BOOL}, len(bools) > 1
    return Traced(kind="b", python=python, mixed=mixed, concrete=concrete, bools=bools)


def _compare_pair(node: ast.Compare, op: ast.cmpop, left: Value, right: Value) -> Value:
    if isinstance(op, ast.Is | ast.IsNot):
        if Known(None) not in (left, right) and not (
            isinstance(left, Known) and isinstance(right, Known)
        ):
            raise fail(node, "identity", "is compares objects, not numbers", "use ==")
        return Known((left == right) == isinstance(op, ast.Is))
    if isinstance(op, ast.In | ast.NotIn):
        return _membership(node, left, right, isinstance(op, ast.In))
    if isinstance(left, Known) and isinstance(right, Known):
        return known(node, BINARY[type(op)], left, right)
    shapes = isinstance(left, Items) and isinstance(right, Items)
    if shapes and all(isinstance(v, Known) for v in (*left.items, *right.items)):  # type: ignore[union-attr]
        return Known(BINARY[type(op)](sample(node, left), sample(node, right)))
    for side in (left, right):
        if not is_numeric(side) and not (isinstance(side, Items) and not shapes):
            raise fail(node, "not-a-number", f"{describe(side)} cannot be compared here")
    return binary(node, op, left, right)


def _membership(node: ast.Compare, left: Value, right: Value, inside: bool) -> Value:
    if isinstance(right, Mapping) and isinstance(left, Known):
        return Known((left.value in right.as_dict()) == inside)
    candidates = elements(node, right).items
    if isinstance(left, Known) and all(isinstance(c, Known) for c in candidates):
        return Known((left in candidates) == inside)
    for value in (left, *candidates):
        if not is_numeric(value):
            raise fail(node, "not-a-number", f"{describe(value)} cannot be compared here")
        check_truth(node, as_traced(value) or Traced())
    return Traced(kind="b", python=True)
