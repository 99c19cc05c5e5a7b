"""Analysis of assignments: to names, to elements, in place; and who would notice."""

from __future__ import annotations

import ast

from ..findings import fail
from .arrays import describe
from .evaluate import constant_key, evaluate, index_parts, mask_key, unpack
from .facts import Analysis, Frame
from .indexing import assign_index
from .values import Items, Known, Mapping, Traced, Value, storages


def store(target: ast.expr, value: Value, frame: Frame, run: Analysis) -> None:
    """`target = value` for a name, an element or several of them."""
    if isinstance(target, ast.Name):
        frame.names[target.id] = value
        _note_term(target, value, run)
    elif isinstance(target, ast.Subscript):
        _store_element(target, value, frame, run)
    else:
        for element, item in unpack(target, value):
            store(element, item, frame, run)


def check_in_place(node: ast.Assign, value: Value, frame: Frame, run: Analysis) -> None:
    """`x += y` changes an array or a list for everybody who holds it."""
    target = node.targets[0]
    old = frame.names.get(target.id) if isinstance(target, ast.Name) else None
    if isinstance(old, Items) and old.is_list:
        if not isinstance(value, Items):
            raise fail(node, "mixed-types", "a list and an array", "make the list an np.array")
        written_name(target, node, frame, run)
    elif isinstance(old, Traced) and old.shape and isinstance(value, Traced):
        written_name(target, node, frame, run)
        cut_off = value.kind != old.kind and old.kind != "f"
        if value.shape != old.shape or cut_off or (old.bools and old.kind != "b"):
            raise fail(
                node, "assignment", "the result does not fit the array that it changes",
                "write x = x + y",
            )  # fmt: skip


def written_name(owner: ast.expr, node: ast.AST, frame: Frame, run: Analysis) -> str:
    """The variable that a statement writes into; nobody else may hold the same object."""
    value = frame.names.get(owner.id) if isinstance(owner, ast.Name) else None
    if not isinstance(owner, ast.Name) or not isinstance(value, Traced | Items | Mapping):
        raise fail(
            node, "assignment", "only an array, list or dict of this function can be written into",
            "give it a name of its own first",
        )  # fmt: skip
    for other in _frames(frame, run):
        for name, held in other.names.items():
            itself = other is frame and name == owner.id
            if not itself and value.storage in storages(held):
                raise fail(
                    node, "shared-array",
                    f"{owner.id} and {name} are one and the same object: both would change",
                    f"write {owner.id} = {owner.id}.copy() before",
                )  # fmt: skip
    return owner.id


def _note_term(target: ast.Name, value: Value, run: Analysis) -> None:
    """A number in calculate_reward that the state has a part in should change with it."""
    varies = isinstance(value, Traced) and not value.shape and value.exact is None
    if len(run.callers) == 1 and varies and target.id != "_":
        run.terms[target.id] = target.lineno


def _store_element(target: ast.Subscript, value: Value, frame: Frame, run: Analysis) -> None:
    owner = evaluate(target.value, frame, run)
    name = written_name(target.value, target, frame, run)
    if isinstance(owner, Traced):
        parts = index_parts(target.slice, frame, run)
        mask = mask_key(target.slice, frame)
        frame.names[name] = assign_index(target, owner, parts, mask, value, run)
        return
    key = evaluate(target.slice, frame, run)
    if isinstance(owner, Mapping):
        entries = owner.as_dict() | {constant_key(target.slice, key): value}
        frame.names[name] = Mapping(tuple(entries.items()), owner.storage)
    elif isinstance(owner, Items) and owner.is_list and isinstance(key, Known):
        items = list(owner.items)
        try:
            items[key.value] = value
        except (IndexError, TypeError):
            raise fail(target, "index-out-of-range", f"no item {key.value!r}") from None
        frame.names[name] = Items(tuple(items), True, owner.storage)
    else:
        raise fail(target, "assignment", f"nothing can be put into {describe(owner)} here")


def _frames(frame: Frame, run: Analysis) -> list[Frame]:
    """All frames alive: of the callers and of the functions around them."""
    found: list[Frame] = []
    for start in [frame, *(caller for _, caller in run.callers)]:
        inner: Frame | None = start
        while inner is not None:
            if not any(inner is other for other in found):
                found.append(inner)
            inner = inner.parent
    return found
