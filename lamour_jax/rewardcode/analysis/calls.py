"""Analysis of calls: functions of the source, of NumPy, of math and of Python; methods."""

from __future__ import annotations

import ast
import math
from dataclasses import replace
from typing import Any

import numpy as np

from .. import tables
from ..findings import fail
from .arrays import apply, check_maker, check_sizes, describe, dtype_name, known
from .containers import elements, read_method
from .facts import Analysis, Frame
from .python_calls import PYTHON_CALLS, Keywords, cast
from .values import (
    PYTHON_BOOL,
    Function,
    Items,
    Library,
    Mapping,
    Method,
    Traced,
    Value,
    as_traced,
    is_number,
)


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
        if name in PYTHON_CALLS:
            return PYTHON_CALLS[name](node, arguments, _no_keywords(node, keywords, name))
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
        return cast(node, tables.CASTS[name], arguments, python=False)
    if name not in tables.NUMPY_FUNCTIONS:
        raise fail(node, "not-callable", f"np.{name} cannot be called")
    function: Any = np
    for part in name.split("."):
        function = getattr(function, part)
    if name in tables.MAKERS:
        check_maker(node, name, arguments, keywords)
    elif name in ("tile", "repeat", "diff"):  # these repeat something as often as they are told
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
    """A NumPy result is a NumPy number even where NumPy hands out a Python one; of booleans, which
    `np.allclose` gives, that would be another thing."""
    array = result if result.kind == "b" else replace(result, python=False)
    return replace(array, storage=shares.storage) if isinstance(shares, Traced) else array


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

    reductions = tables.MASKABLE_REDUCTIONS
    result = apply(node, ask, [owner, *arguments], keywords, maskable=name in reductions)
    return _as_array(result, shares=owner if name in _VIEWS else None)


def _to_python(node: ast.Call, owner: Traced, name: str, arguments: list[Value]) -> Value:
    if arguments or owner.mask is not None:
        raise fail(node, "unknown-method", f".{name}() of {describe(owner)} is not supported")
    if (name == "item" and math.prod(owner.shape) == 1) or owner.shape == ():
        return _python_number(owner)
    if name == "tolist" and len(owner.shape) == 1:
        count = len(elements(node, owner).items)
        return Items(tuple(_python_number(owner) for _ in range(count)))
    raise fail(node, "unknown-method", f".{name}() of {describe(owner)} is not supported")


def _python_number(owner: Traced) -> Traced:
    bools = frozenset([PYTHON_BOOL] if owner.bools else [])
    return Traced(kind=owner.kind, python=True, bools=bools)
