"""Lists, tuples and dicts while analysing: what is iterated over, and what their methods do."""

from __future__ import annotations

import ast
from dataclasses import replace

from ..findings import fail
from ..limits import MAX_LOOP
from .arrays import describe
from .values import Items, Known, Mapping, Traced, Value, from_numpy


def elements(node: ast.AST, value: Value) -> Items:
    """What a loop over the value goes through; bounded, since loops are unrolled."""
    if isinstance(value, Mapping):
        value = Items(tuple(Known(key) for key, _ in value.items))
    elif isinstance(value, Traced) and value.shape and value.mask is None:
        _check_length(node, value.shape[0])
        value = Items(tuple(_row(value, index) for index in range(value.shape[0])))
    if not isinstance(value, Items):
        raise fail(
            node, "not-iterable", f"{describe(value)} cannot be gone through",
            "loop over a range, a list or an array of fixed length",
        )  # fmt: skip
    _check_length(node, len(value.items))
    return value


def _check_length(node: ast.AST, length: int) -> None:
    if length > MAX_LOOP:
        raise fail(node, "too-many-turns", f"{length} items; {MAX_LOOP} are allowed")


def _row(array: Traced, index: int) -> Traced:
    if array.exact is not None:
        return from_numpy(array.exact[index], exact=True)
    row = Traced(array.shape[1:], array.kind, bools=array.bools)
    return replace(row, storage=array.storage) if row.shape else row


def read_method(node: ast.AST, owner: Items | Mapping, name: str, arguments: list[Value]) -> Value:
    """A method that leaves the container as it is."""
    if name == "copy":
        return replace(owner, storage=Items(()).storage)
    if isinstance(owner, Mapping):
        if name == "keys":
            return Items(tuple(Known(key) for key, _ in owner.items))
        if name == "values":
            return Items(tuple(value for _, value in owner.items))
        if name == "items":
            pairs = (Items((Known(key), value), is_list=False) for key, value in owner.items)
            return Items(tuple(pairs))
        if name == "get" and arguments and isinstance(arguments[0], Known):
            default = arguments[1] if len(arguments) > 1 else Known(None)
            return owner.as_dict().get(arguments[0].value, default)
    raise fail(
        node, "unknown-method", f".{name}() cannot stand here", "write it on a line of its own"
    )


def write_method(
    node: ast.AST, owner: Items | Mapping, name: str, arguments: list[Value]
) -> Items | Mapping:
    """The container after a method that changes it."""
    if len(arguments) == 1 and isinstance(owner, Items) and owner.is_list:
        if name == "append":
            return replace(owner, items=(*owner.items, arguments[0]))
        if name == "extend":
            return replace(owner, items=owner.items + elements(node, arguments[0]).items)
    if len(arguments) == 1 and isinstance(owner, Mapping) and isinstance(arguments[0], Mapping):
        entries = owner.as_dict() | arguments[0].as_dict()
        return replace(owner, items=tuple(entries.items()))
    raise fail(node, "unknown-method", f"{describe(owner)} has no usable .{name}() here")
