"""Analysis of `a[...]`, read and written: positions inside the array, masks, and who shares it."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

import numpy as np

from ..findings import fail
from .arrays import describe
from .facts import Analysis
from .values import Items, Known, Traced, Value, as_traced, from_numpy, is_number


def select_index(
    node: ast.Subscript, owner: Value, parts: list[Value], mask_key: object, run: Analysis
) -> Value:
    """The value of `owner[parts]`; `mask_key` tells masks apart."""
    if isinstance(owner, Items):
        return _item(node, owner, parts)
    if not isinstance(owner, Traced) or not owner.shape or owner.mask is not None:
        raise fail(node, "not-indexable", f"{describe(owner)} has no elements to pick")
    if _is_mask(owner, parts):
        run.indexing.setdefault(id(node), set()).add("mask")
        return Traced(owner.shape, owner.kind, mask=mask_key, bools=owner.bools)
    index, how = numpy_index(node, owner, parts, run)
    run.indexing.setdefault(id(node), set()).add(how)
    source = owner.exact if owner.exact is not None else np.ones(owner.shape)
    try:
        result = source[index]
    except IndexError as error:
        raise _out_of_range(node, owner, str(error), run) from None
    exact = owner.exact is not None and how != "dynamic"
    if exact:
        picked = from_numpy(result, exact=True)
    else:
        picked = Traced(np.shape(result), owner.kind, bools=owner.bools)
    if how == "plain" and picked.shape:  # a view: writing into it would change the owner
        return replace(picked, storage=owner.storage)
    return picked


def _is_mask(owner: Traced, parts: list[Value]) -> bool:
    """Is the index a boolean array, one for every element?"""
    part = parts[0] if len(parts) == 1 else None
    return isinstance(part, Traced) and part.kind == "b" and part.shape == owner.shape


def numpy_index(
    node: ast.Subscript, owner: Traced, parts: list[Value], run: Analysis
) -> tuple[Any, str]:
    """The index to ask NumPy with, and its sort: "plain", "list" or "dynamic" (traced integer)."""
    index: list[Any] = []
    how = "plain"
    axis = 0
    for part in parts:
        if isinstance(part, Known) and (part.value is None or part.value is Ellipsis):
            index.append(part.value)
            continue
        if isinstance(part, Known) and isinstance(part.value, slice):
            _check_slice(node, owner, part.value, axis, run)
            index.append(part.value)
        elif isinstance(part, Known) and type(part.value) is int:
            index.append(part.value)
        else:
            position, exact = _array_index(node, part)
            index.append(position)
            how = "dynamic" if not exact or how == "dynamic" else "list"
        axis += 1
    return tuple(index), how


def _array_index(node: ast.Subscript, part: Value) -> tuple[Any, bool]:
    """An index that is an array or a list of integers; zeros stand for unknown ones."""
    if isinstance(part, Items) and all(is_number(item) for item in part.items):
        positions = [item.value for item in part.items if isinstance(item, Known)]
        if all(type(position) is int for position in positions):
            return np.array(positions, int), True
    if isinstance(part, Traced) and part.kind == "i" and part.mask is None:
        known = part.exact is not None
        return (part.exact if known else np.zeros(part.shape, int)), known
    if isinstance(part, Traced) and part.kind == "b":
        raise fail(
            node, "data-dependent-shape", "a mask has to have the shape of the whole array",
            "use np.where(mask, a, 0)",
        )  # fmt: skip
    raise fail(node, "bad-index", f"{describe(part)} is no index", "use an integer")


def _check_slice(node: ast.AST, owner: Traced, bounds: slice, axis: int, run: Analysis) -> None:
    """A slice that runs out of the state or action vector would be cut short silently."""
    if owner.storage not in run.inputs or axis >= len(owner.shape):
        return
    size = owner.shape[axis]
    ends = [bound for bound in (bounds.start, bounds.stop) if bound is not None]
    if any(abs(bound) > size for bound in ends):
        raise _out_of_range(node, owner, f"the slice leaves the {size} elements", run)


def _out_of_range(node: ast.AST, owner: Traced, reason: str, run: Analysis) -> Exception:
    size = owner.shape[0]
    whole = run.inputs.get(owner.storage) == size
    what = "the state or action vector" if whole else "the array"
    return fail(
        node, "index-out-of-range", f"outside {what}, which has {size} elements: {reason}",
        f"indices go from 0 to {size - 1}",
    )  # fmt: skip


def _item(node: ast.Subscript, owner: Items, parts: list[Value]) -> Value:
    part = parts[0] if len(parts) == 1 else None
    if isinstance(part, Known) and isinstance(part.value, slice):
        return Items(owner.items[part.value], owner.is_list)
    if isinstance(part, Known) and isinstance(part.value, int):
        try:
            return owner.items[part.value]
        except IndexError:
            raise fail(
                node, "index-out-of-range", f"index {part.value} of {len(owner.items)} items"
            ) from None
    raise fail(node, "bad-index", "a list is indexed with known integers", "use np.array(...)")


def assign_index(
    node: ast.Subscript,
    owner: Traced,
    parts: list[Value],
    mask_key: object,
    value: Value,
    run: Analysis,
) -> Traced:
    """The array after `owner[parts] = value`."""
    number = as_traced(value)
    if number is None and isinstance(value, Items):
        raise fail(node, "assignment", "a list is put into an array", "use np.array([...])")
    if number is None or not owner.shape or owner.mask is not None or owner.python:
        raise fail(node, "assignment", f"{describe(value)} cannot be put into {describe(owner)}")
    if (owner.kind != number.kind and owner.kind != "f") or (owner.kind != "b" and owner.bools):
        raise fail(
            node, "assignment", "an array of integers or booleans would cut the number off",
            "make the array with floats, such as np.zeros(n)",
        )  # fmt: skip
    if _is_mask(owner, parts):
        run.indexing.setdefault(id(node), set()).add("mask")
        fits = number.mask == mask_key if number.shape else True
    else:
        index, how = numpy_index(node, owner, parts, run)
        run.indexing.setdefault(id(node), set()).add(how)
        if how == "dynamic":
            raise fail(node, "bad-index", "the place to write depends on the data", "use np.where")
        try:
            place = np.ones(owner.shape)[index]
        except IndexError as error:
            raise _out_of_range(node, owner, str(error), run) from None
        fits = number.mask is None and _broadcasts(number.shape, np.shape(place))
    if not fits:
        raise fail(node, "assignment", f"{describe(value)} does not fit the place")
    return Traced(owner.shape, owner.kind, storage=owner.storage)


def _broadcasts(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, target) == target
    except ValueError:
        return False
