"""Analysis of calls of Python's own functions, such as max, range or isinstance."""

from __future__ import annotations

import ast
from collections.abc import Callable

from ..findings import fail
from ..limits import MAX_LOOP
from .arrays import apply, binary, describe, known, sample
from .booleans import open_sort, with_origin
from .containers import elements
from .values import (
    NUMPY_BOOL,
    Items,
    Known,
    Library,
    Mapping,
    Traced,
    Value,
    as_traced,
    is_number,
)

Keywords = dict[str, Value]


def _one(node: ast.Call, arguments: list[Value]) -> Value:
    if len(arguments) != 1:
        raise fail(node, "wrong-arguments", "one argument is expected here")
    return arguments[0]


def cast(node: ast.Call, kind: str, arguments: list[Value], python: bool = True) -> Value:
    value = _one(node, arguments)
    types = {"float": float, "int": int, "bool": bool}
    if python and isinstance(value, Known) and isinstance(value.value, bool | int | float | str):
        return known(node, types[kind], value)
    traced = as_traced(value)
    if traced is None or traced.mask is not None or (python and traced.shape):
        raise fail(
            node, "not-a-number", f"{kind} of {describe(value)} is not one number",
            "pick an element, or use np.sum or np.mean",
        )  # fmt: skip
    return Traced(() if python else traced.shape, kind[0], python)


def _abs(node: ast.Call, arguments: list[Value], keywords: Keywords) -> Value:
    value = _one(node, arguments)
    if is_number(value):
        return known(node, abs, value)
    traced = as_traced(value)
    if traced is not None and len(traced.bools) > 1:
        raise open_sort(node)
    return with_origin(apply(node, abs, [value], elementwise=True), [value])


def _extreme(node: ast.Call, arguments: list[Value], keywords: Keywords) -> Value:
    """max and min: of the arguments, or of the items of the only one."""
    candidates = list(elements(node, arguments[0]).items) if len(arguments) == 1 else arguments
    if not candidates:
        raise fail(node, "fails", "max or min of nothing")
    for candidate in candidates:
        traced = as_traced(candidate)
        if traced is None or traced.shape or traced.mask is not None:
            raise fail(
                node, "not-a-number", f"max and min compare numbers, not {describe(candidate)}",
                "use np.maximum, np.minimum, np.max or np.min",
            )  # fmt: skip
    numbers = [traced for c in candidates if (traced := as_traced(c)) is not None]
    if all(isinstance(candidate, Known) for candidate in candidates):
        assert isinstance(node.func, ast.Name)
        return known(node, max if node.func.id == "max" else min, *candidates, *candidates[:1])
    kind = max((n.kind for n in numbers), key="bif".index)
    bools = frozenset[str]().union(*(n.bools for n in numbers))
    python = all(n.python for n in numbers)
    mixed = not python and any(n.python or n.mixed for n in numbers)
    return Traced(kind=kind, python=python, mixed=mixed, bools=bools)


def _sum(node: ast.Call, arguments: list[Value], keywords: Keywords) -> Value:
    start = keywords.get("start", arguments[1] if len(arguments) == 2 else Known(0))
    first = as_traced(start)
    if first is not None and first.bools:
        raise fail(node, "boolean-arithmetic", "a sum that starts with a boolean", "start with 0")
    total = start
    for item in elements(node, _one(node, arguments[:1])).items:
        total = binary(node, ast.Add(), total, item)
    return total


def _len(node: ast.Call, arguments: list[Value], keywords: Keywords) -> Value:
    value = _one(node, arguments)
    if isinstance(value, Traced) and value.mask is not None:
        return Traced(kind="i", python=True)
    if isinstance(value, Traced) and value.shape:
        return Known(value.shape[0])
    if isinstance(value, Items | Mapping):
        return Known(len(value.items))
    raise fail(node, "not-iterable", f"{describe(value)} has no length")


def _any_all(node: ast.Call, arguments: list[Value], keywords: Keywords) -> Value:
    items = elements(node, _one(node, arguments)).items
    for item in items:
        traced = as_traced(item)
        if traced is None or traced.shape:
            raise fail(
                node, "array-truth", f"{describe(item)} is neither true nor false", "use np.all"
            )
    if all(isinstance(item, Known) for item in items):
        assert isinstance(node.func, ast.Name)
        function = any if node.func.id == "any" else all
        return Known(function(item.value for item in items if isinstance(item, Known)))
    return Traced(kind="b", python=True)


def _round(node: ast.Call, arguments: list[Value], keywords: Keywords) -> Value:
    arguments = [*arguments, *keywords.values()]
    digits = arguments[1] if len(arguments) == 2 else Known(None)
    if isinstance(digits, Known) and is_number(digits) and abs(digits.value) > 30:
        raise fail(node, "big-number", "round to fewer digits")
    if all(isinstance(argument, Known) for argument in arguments):
        return known(node, round, *arguments)
    value = as_traced(arguments[0]) if arguments else None
    if value is None or value.shape or len(arguments) > 2 or not isinstance(digits, Known):
        raise fail(node, "not-a-number", "round takes one number", "use np.round for arrays")
    if NUMPY_BOOL in value.bools:
        raise fail(node, "fails", "NumPy's booleans cannot be rounded", "use float(...)")
    whole = digits.value is None or value.kind == "b"
    return Traced(kind="i" if whole else value.kind, python=value.python, mixed=value.mixed)


def _range(node: ast.Call, arguments: list[Value], keywords: Keywords) -> Value:
    if not arguments or not all(isinstance(argument, Known) for argument in arguments):
        raise fail(
            node, "shape-from-data", "how often the loop turns must not depend on the data",
            "loop over a fixed range",
        )  # fmt: skip
    turns = known(node, range, *arguments).value
    if len(turns) > MAX_LOOP:
        raise fail(node, "too-many-turns", f"{len(turns)} turns; {MAX_LOOP} are allowed")
    return Items(tuple(Known(turn) for turn in turns))


def _zip(node: ast.Call, arguments: list[Value], keywords: Keywords) -> Value:
    columns = [elements(node, argument).items for argument in arguments]
    return Items(tuple(Items(row, is_list=False) for row in zip(*columns, strict=False)))


def _enumerate(node: ast.Call, arguments: list[Value], keywords: Keywords) -> Value:
    start = keywords.get("start", arguments[1] if len(arguments) == 2 else Known(0))
    if not isinstance(start, Known) or type(start.value) is not int:
        raise fail(node, "shape-from-data", "the start of enumerate has to be a known integer")
    items = elements(node, _one(node, arguments[:1])).items
    pairs = enumerate(items, sample(node, start))
    return Items(tuple(Items((Known(index), item), is_list=False) for index, item in pairs))


def _reversed(node: ast.Call, arguments: list[Value], keywords: Keywords) -> Value:
    return Items(elements(node, _one(node, arguments)).items[::-1])


def _list(node: ast.Call, arguments: list[Value], keywords: Keywords) -> Value:
    return Items(elements(node, arguments[0]).items if arguments else ())


def _tuple(node: ast.Call, arguments: list[Value], keywords: Keywords) -> Value:
    return Items(elements(node, arguments[0]).items if arguments else (), is_list=False)


def _isinstance(node: ast.Call, arguments: list[Value], keywords: Keywords) -> Value:
    if len(arguments) != 2:
        raise fail(node, "wrong-arguments", "isinstance takes a value and a type")
    types = arguments[1].items if isinstance(arguments[1], Items) else (arguments[1],)
    return Known(any(_is_a(arguments[0], kind) for kind in types))


def _is_a(value: Value, kind: Value) -> bool:
    name = kind.path.removeprefix("numpy.") if isinstance(kind, Library) else ""
    python = {"float": float, "int": int, "bool": bool, "list": list, "tuple": tuple}.get(name)
    if isinstance(value, Items):
        return name == ("list" if value.is_list else "tuple")
    if isinstance(value, Known):
        return python is not None and isinstance(value.value, python)
    if not isinstance(value, Traced):
        return False
    if name == "ndarray":
        return value.shape != ()
    if value.shape:
        return False
    # np.float64 is a subclass of float; NumPy's integers and booleans are no Python numbers.
    families = {"f": {"float"}, "i": {"int"} if value.python else set(), "b": set()}[value.kind]
    if value.python:
        return name in families | ({"bool", "int"} if value.kind == "b" else set())
    numpy = {"f": {"floating", "number", "float64"}, "i": {"integer", "number", "int64"}}
    return name in families | numpy.get(value.kind, {"bool_"}) | {"generic"}


PYTHON_CALLS: dict[str, Callable[[ast.Call, list[Value], Keywords], Value]] = {
    "abs": _abs,
    "max": _extreme,
    "min": _extreme,
    "sum": _sum,
    "len": _len,
    "any": _any_all,
    "all": _any_all,
    "round": _round,
    "float": lambda node, arguments, keywords: cast(node, "float", arguments),
    "int": lambda node, arguments, keywords: cast(node, "int", arguments),
    "bool": lambda node, arguments, keywords: cast(node, "bool", arguments),
    "range": _range,
    "zip": _zip,
    "enumerate": _enumerate,
    "reversed": _reversed,
    "list": _list,
    "tuple": _tuple,
    "isinstance": _isinstance,
}
