"""Analysis of calls: functions of the source, of NumPy, of math and of Python; methods."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable

import numpy as np

from . import tables
from .arrays import apply, binary, check_maker, check_sizes, describe, dtype_name, known, sample
from .containers import elements, read_method
from .facts import Analysis, Frame
from .findings import fail
from .limits import MAX_LOOP
from .values import (
    Function,
    Items,
    Known,
    Library,
    Mapping,
    Method,
    Traced,
    Value,
    as_traced,
    is_number,
)

Keywords = dict[str, Value]


def call(
    node: ast.Call, function: Value, arguments: list[Value], keywords: Keywords, run: Analysis
) -> Value:
    """The value of a call whose function and arguments have been evaluated."""
    if isinstance(function, Function):
        return _source_function(node, function, arguments, keywords, run)
    if isinstance(function, Method):
        return _method(node, function, arguments, keywords)
    if isinstance(function, Library):
        module, _, name = function.path.rpartition(".")
        if module in ("numpy", "numpy.linalg"):
            return _numpy(node, function.path.removeprefix("numpy."), arguments, keywords)
        if module == "math":
            return _math(node, name, arguments, keywords)
        if name in _BUILTINS:
            return _BUILTINS[name](node, arguments, _no_keywords(node, keywords, name))
    raise fail(node, "not-callable", f"{describe(function)} cannot be called")


def _no_keywords(node: ast.AST, keywords: Keywords, name: str) -> Keywords:
    allowed = {"round": {"ndigits"}, "enumerate": {"start"}, "sum": {"start"}, "zip": {"strict"}}
    if set(keywords) - allowed.get(name, set()):
        raise fail(node, "unknown-keyword", f"{name} takes no {', '.join(keywords)}= here")
    return keywords


# Functions of the source


def _source_function(
    node: ast.Call, function: Function, arguments: list[Value], keywords: Keywords, run: Analysis
) -> Value:
    if any(caller is function.node for caller, _ in run.callers):
        raise fail(node, "recursion", "a function calls itself", "write a loop of fixed length")
    names = _bind(node, function, arguments, keywords)
    frame = Frame(names, function.frame)
    run.callers.append((function.node, frame))
    value = run.execute(function.node, frame, run)
    run.callers.pop()
    return value


def _bind(
    node: ast.Call, function: Function, arguments: list[Value], keywords: Keywords
) -> dict[str, Value]:
    """Arguments to parameters, as Python does."""
    spec = function.node.args
    positional = [a.arg for a in (*spec.posonlyargs, *spec.args)]
    accepted = {a.arg for a in (*spec.args, *spec.kwonlyargs)}
    names = dict(function.defaults)
    given = dict(zip(positional, arguments, strict=False))
    wrong = (
        len(arguments) > len(positional) or set(keywords) - accepted or set(keywords) & set(given)
    )
    names |= given | keywords
    missing = [a for a in (*positional, *(a.arg for a in spec.kwonlyargs)) if a not in names]
    if wrong or missing:
        raise fail(node, "wrong-arguments", "the arguments do not fit the function's definition")
    return names


# NumPy


def _numpy(node: ast.Call, name: str, arguments: list[Value], keywords: Keywords) -> Value:
    if name in tables.CASTS:
        return _cast(node, tables.CASTS[name], arguments, python=False)
    if name not in tables.NUMPY_FUNCTIONS:
        raise fail(node, "not-callable", f"np.{name} cannot be called")
    function: Callable[..., object] = np
    for part in name.split("."):
        function = getattr(function, part)
    if name in tables.MAKERS:
        check_maker(node, name, arguments, keywords)
    elif name in tables.ARRAY_FUNCTIONS:
        check_sizes(node, [*arguments[1:], *keywords.values()])
    if name == "where" and len(arguments) != 3:
        raise fail(
            node, "data-dependent-shape", "np.where with one argument gives indices that depend "
            "on the data", "use np.where(condition, a, b)",
        )  # fmt: skip
    return _as_array(
        apply(
            node,
            function,
            arguments,
            keywords,
            elementwise=name in tables.ELEMENTWISE,
            maskable=name in tables.MASKABLE_REDUCTIONS,
        ),
        shares=arguments[0] if arguments and name in _VIEWS else None,
    )


# Results that may share memory with their first argument.
_VIEWS = (
    "asarray", "ravel", "reshape", "squeeze", "expand_dims", "transpose", "atleast_1d", "flip",
)  # fmt: skip


def _as_array(result: Traced, shares: Value | None = None) -> Traced:
    """A NumPy result is a NumPy number even where NumPy hands out a Python one."""
    storage = {"storage": shares.storage} if isinstance(shares, Traced) else {}
    return Traced(result.shape, result.kind, exact=result.exact, mask=result.mask, **storage)


# Math


_MATH_KINDS = {"floor": "i", "ceil": "i", "trunc": "i"} | dict.fromkeys(
    ("isnan", "isinf", "isfinite"), "b"
)


def _math(node: ast.Call, name: str, arguments: list[Value], keywords: Keywords) -> Value:
    if name not in tables.MATH_FUNCTIONS or keywords:
        raise fail(node, "not-callable", f"math.{name} cannot be called like this")
    if all(is_number(argument) for argument in arguments):
        return known(node, getattr(math, name), *arguments)
    for argument in arguments:
        traced = as_traced(argument)
        if traced is None or traced.shape or traced.mask is not None:
            raise fail(
                node, "not-a-number", f"math.{name} takes single numbers, not {describe(argument)}",
                f"use np.{tables.MATH_FUNCTIONS[name]}",
            )  # fmt: skip
    counts = {"log": (1, 2)} | dict.fromkeys(("atan2", "pow", "fmod", "copysign", "hypot"), (2,))
    if len(arguments) not in counts.get(name, (1,)):
        raise fail(node, "wrong-arguments", f"math.{name} takes another number of arguments")
    return Traced(kind=_MATH_KINDS.get(name, "f"), python=True)


# Methods


def _method(node: ast.Call, method: Method, arguments: list[Value], keywords: Keywords) -> Value:
    owner, name = method.owner, method.name
    if isinstance(owner, Items | Mapping):
        return read_method(node, owner, name, arguments)
    assert isinstance(owner, Traced)
    if name in ("item", "tolist"):
        return _to_python(node, owner, name, arguments)
    if name == "astype":
        kind = dtype_name(arguments[0]) if len(arguments) == 1 else None
        if kind is None or keywords:
            raise fail(node, "dtype", "astype takes float, int or bool")
        return Traced(owner.shape, kind[0], mask=owner.mask)

    def ask(array: object, *rest: object, **named: object) -> object:
        return getattr(np.asarray(array), name)(*rest, **named)

    check_sizes(node, arguments)
    reductions = tables.MASKABLE_REDUCTIONS
    result = apply(node, ask, [owner, *arguments], keywords, maskable=name in reductions)
    return _as_array(result, shares=owner if name in _VIEWS else None)


def _to_python(node: ast.Call, owner: Traced, name: str, arguments: list[Value]) -> Value:
    if arguments or owner.mask is not None:
        raise fail(node, "unknown-method", f".{name}() of {describe(owner)} is not supported")
    if (name == "item" and math.prod(owner.shape) == 1) or owner.shape == ():
        return Traced(kind=owner.kind, python=True)
    if name == "tolist" and len(owner.shape) == 1:
        count = len(elements(node, owner).items)
        return Items(tuple(Traced(kind=owner.kind, python=True) for _ in range(count)))
    raise fail(node, "unknown-method", f".{name}() of {describe(owner)} is not supported")


# Python's own functions


def _one(node: ast.Call, arguments: list[Value]) -> Value:
    if len(arguments) != 1:
        raise fail(node, "wrong-arguments", "one argument is expected here")
    return arguments[0]


def _cast(node: ast.Call, kind: str, arguments: list[Value], python: bool = True) -> Value:
    value = _one(node, arguments)
    types = {"float": float, "int": int, "bool": bool}
    if python and isinstance(value, Known) and isinstance(value.value, bool | int | float | str):
        return known(node, types[kind], value)
    traced = as_traced(value)
    if traced is None or traced.mask is not None or (python and math.prod(traced.shape) != 1):
        raise fail(
            node, "not-a-number", f"{kind} of {describe(value)} is not one number",
            "pick an element, or use np.sum or np.mean",
        )  # fmt: skip
    return Traced(() if python else traced.shape, kind[0], python)


def _abs(node: ast.Call, arguments: list[Value], keywords: Keywords) -> Value:
    value = _one(node, arguments)
    if is_number(value):
        return known(node, abs, value)
    return apply(node, abs, [value], elementwise=True)


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
    return Traced(kind=kind, python=all(n.python for n in numbers))


def _sum(node: ast.Call, arguments: list[Value], keywords: Keywords) -> Value:
    start = keywords.get("start", arguments[1] if len(arguments) == 2 else Known(0))
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
    if all(isinstance(argument, Known) for argument in arguments):
        return known(node, round, *arguments)
    value = as_traced(arguments[0]) if arguments else None
    digits = arguments[1] if len(arguments) == 2 else Known(None)
    if value is None or value.shape or len(arguments) > 2 or not isinstance(digits, Known):
        raise fail(node, "not-a-number", "round takes one number", "use np.round for arrays")
    return Traced(kind="i" if digits.value is None else value.kind, python=value.python)


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
    if not isinstance(start, Known):
        raise fail(node, "shape-from-data", "the start of enumerate has to be known")
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


_BUILTINS: dict[str, Callable[[ast.Call, list[Value], Keywords], Value]] = {
    "abs": _abs,
    "max": _extreme,
    "min": _extreme,
    "sum": _sum,
    "len": _len,
    "any": _any_all,
    "all": _any_all,
    "round": _round,
    "float": lambda node, arguments, keywords: _cast(node, "float", arguments),
    "int": lambda node, arguments, keywords: _cast(node, "int", arguments),
    "bool": lambda node, arguments, keywords: _cast(node, "bool", arguments),
    "range": _range,
    "zip": _zip,
    "enumerate": _enumerate,
    "reversed": _reversed,
    "list": _list,
    "tuple": _tuple,
    "isinstance": _isinstance,
}
