"""Shapes and kinds of array operations: NumPy itself is asked, on small sample arrays.

Only functions of the tables get here, and only with arguments whose size has been bounded.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from .. import tables
from ..findings import RewardCodeError, fail
from ..limits import MAX_ELEMENTS, MAX_EXPONENT, MAX_INTEGER
from .booleans import check_array_arguments, check_binary, with_origin
from .values import Items, Known, Library, Traced, Value, from_numpy, is_number, leaves

BINARY: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
# Keywords that decide shapes or branches: they have to be known while tracing.
_STATIC_KEYWORDS = (
    "axis", "keepdims", "dtype", "ord", "decimals", "ndigits", "ddof", "num", "shape", "repeats",
    "reps", "n", "k", "N", "M",
)  # fmt: skip
_NORMS = ("fro", "nuc")  # np.linalg.norm takes these by name
_DTYPE_NAMES = {"float": np.float64, "int": np.int64, "bool": np.bool_}


def binary(node: ast.AST, op: ast.AST, left: Value, right: Value) -> Value:
    """`left op right` for numbers and arrays (lists count as arrays where the other is one)."""
    if isinstance(op, ast.Pow):
        _check_power(node, right)
    function = BINARY[type(op)]
    sides = (left, right)
    if is_number(left) and is_number(right):
        return known(node, function, left, right)
    check_binary(node, op, left, right)
    result = apply(node, function, [left, right], elementwise=not isinstance(op, ast.MatMult))
    result = with_origin(result, [left, right])
    concrete = all(isinstance(v, Known) or (isinstance(v, Traced) and v.concrete) for v in sides)
    return replace(result, concrete=concrete)


def known(node: ast.AST, function: Callable[..., Any], *arguments: Value) -> Known:
    """A Python operation on known numbers, within bounds."""
    try:
        result = function(*(sample(node, argument) for argument in arguments))
    except (ArithmeticError, ValueError, TypeError) as error:
        raise fail(node, "fails", f"raises {type(error).__name__}: {error}") from None
    if isinstance(result, complex) or (isinstance(result, int) and abs(result) > MAX_INTEGER):
        raise fail(node, "big-number", "the result is no real number of a sensible size")
    return Known(result)


def _check_power(node: ast.AST, exponent: Value) -> None:
    if isinstance(exponent, Known) and is_number(exponent) and abs(exponent.value) > MAX_EXPONENT:
        raise fail(node, "big-number", f"exponents are limited to {MAX_EXPONENT}")


def sample(node: ast.AST, value: Value) -> Any:
    """A Python or NumPy object that stands for the value when NumPy is asked."""
    if isinstance(value, Known):
        return value.value
    if isinstance(value, Traced):
        return value.sample()
    if isinstance(value, Items):
        items = [sample(node, item) for item in value.items]
        return items if value.is_list else tuple(items)
    if isinstance(value, Library) and dtype_name(value) is not None:
        return _DTYPE_NAMES[dtype_name(value) or ""]
    raise fail(node, "not-a-number", f"{describe(value)} cannot be used as a number here")


def dtype_name(value: Value) -> str | None:
    """ "float", "int" or "bool" for what names a dtype, None for anything else."""
    if isinstance(value, Library):
        name = value.path.removeprefix("numpy.")
        return name if name in _DTYPE_NAMES else tables.CASTS.get(name)
    if isinstance(value, Known) and isinstance(value.value, str):
        name = value.value
        return name if name in _DTYPE_NAMES else tables.CASTS.get(name)
    return None


def describe(value: Value) -> str:
    """A few words for messages."""
    if isinstance(value, Known):
        return repr(value.value)
    if isinstance(value, Items):
        return "a list" if value.is_list else "a tuple"
    if isinstance(value, Traced):
        return f"an array of shape {value.shape}" if value.shape else "a number"
    if isinstance(value, Library):
        return value.path
    return f"a {type(value).__name__.lower()}"


def apply(
    node: ast.AST,
    function: Callable[..., Any],
    arguments: Iterable[Value],
    keywords: dict[str, Value] | None = None,
    *,
    elementwise: bool = False,
    maskable: bool = False,
) -> Traced:
    """What NumPy's `function` makes of the arguments."""
    arguments, keywords = list(arguments), keywords or {}
    mask = _common_mask(node, [*arguments, *keywords.values()])
    if mask is not None and not (elementwise or maskable):
        raise fail(
            node, "data-dependent-shape", "the length of a[mask] depends on the data",
            "use np.where(mask, a, 0), or a plain np.sum, np.mean, np.max of a[mask]",
        )  # fmt: skip
    for name, value in keywords.items():
        if name in _STATIC_KEYWORDS and not _is_known(value):
            raise fail(node, "shape-from-data", f"{name}= must not depend on state or action")
    result, exact = _ask(node, function, arguments, keywords, elementwise)
    if isinstance(result, tuple | list):
        raise fail(node, "not-a-number", "the result is several arrays", "one call for each")
    if np.asarray(result).dtype.str[1:] in ("f2", "i1"):
        raise fail(
            node, "boolean-arithmetic", "NumPy calculates this in half precision for booleans"
        )
    python = not isinstance(result, np.ndarray | np.generic)
    try:
        traced = from_numpy(result, exact=exact, python=python)
    except TypeError as error:
        raise fail(node, "not-a-number", str(error)) from None
    _check_elements(node, traced.shape)
    if not isinstance(node, ast.BinOp | ast.Compare | ast.UnaryOp):
        check_array_arguments(node, [*arguments, *keywords.values()], traced)
    if mask is not None and elementwise:
        traced = Traced(traced.shape, traced.kind, mask=mask)
    return traced


def _ask(
    node: ast.AST,
    function: Callable[..., Any],
    arguments: list[Value],
    keywords: dict[str, Value],
    elementwise: bool,
) -> tuple[Any, bool]:
    everything = [*arguments, *keywords.values()]
    samples = [_argument(node, value) for value in arguments]
    named = {
        name: _DTYPE_NAMES[dtype_name(value) or _bad_dtype(node)]
        if name == "dtype"
        else _argument(node, value)
        for name, value in keywords.items()
    }
    numbers = [leaf for value in everything for leaf in leaves(value)]
    exact = all(isinstance(n, Known | Library) or _has_exact(n) for n in numbers)
    try:
        if elementwise:
            _check_elements(node, np.broadcast_shapes(*(np.shape(s) for s in samples)))
        with np.errstate(all="ignore"):
            return function(*samples, **named), exact
    except RewardCodeError:
        raise
    except Exception as error:
        raise fail(node, "fails", f"NumPy says: {error}") from None


def _argument(node: ast.AST, value: Value) -> Any:
    """A sample to call NumPy with. Text could name a dtype of any size, such as 'U1000000000'."""
    if dtype_name(value) is not None:
        return _DTYPE_NAMES[dtype_name(value) or ""]
    for leaf in leaves(value):
        if isinstance(leaf, Known) and isinstance(leaf.value, str) and leaf.value not in _NORMS:
            raise fail(node, "not-a-number", f"{leaf.value[:40]!r} is text, not a number")
    return sample(node, value)


def _bad_dtype(node: ast.AST) -> str:
    raise fail(node, "dtype", "the dtype must be float, int or bool", "leave dtype= off")


def _has_exact(value: Value) -> bool:
    return isinstance(value, Traced) and value.exact is not None


def _is_known(value: Value) -> bool:
    return all(isinstance(leaf, Known | Library) for leaf in leaves(value))


def _common_mask(node: ast.AST, values: list[Value]) -> object:
    masked = [leaf for v in values for leaf in leaves(v) if isinstance(leaf, Traced)]
    masks = [leaf.mask for leaf in masked if leaf.mask is not None]
    plain = any(leaf.mask is None and leaf.shape for leaf in masked)
    if any(mask != masks[0] for mask in masks) or (masks and plain):
        raise fail(
            node, "data-dependent-shape", "a[mask] is combined with an array of another length",
            "use np.where(mask, a, 0)",
        )  # fmt: skip
    return masks[0] if masks else None


def _check_elements(node: ast.AST, shape: tuple[int, ...]) -> None:
    if math.prod(shape) > MAX_ELEMENTS:
        raise fail(node, "too-large", f"an array of shape {shape}; {MAX_ELEMENTS} elements at most")


# Which arguments of a maker are sizes; those of np.arange are bounded by its length.
_SIZES = {"full": slice(0, 1), "linspace": slice(2, 3), "arange": slice(0, 0)}
_SIZE_KEYWORDS = ("shape", "num", "N", "M", "n")


def check_maker(
    node: ast.AST, name: str, arguments: list[Value], keywords: dict[str, Value]
) -> None:
    """Arguments that give a shape are known, and small, before NumPy is asked."""
    if name.endswith("_like"):
        check_sizes(node, [keywords[k] for k in _SIZE_KEYWORDS if k in keywords])
        return
    described = arguments[:1] if name == "full" else arguments
    settings = [value for keyword, value in keywords.items() if keyword != "fill_value"]
    if not all(_is_known(value) for value in (*described, *settings)):
        raise fail(
            node, "shape-from-data", f"the size of np.{name} must not depend on state or action",
            "give the size as a number",
        )  # fmt: skip
    sizes = arguments[_SIZES.get(name, slice(None))]
    check_sizes(node, [*sizes, *(keywords[k] for k in _SIZE_KEYWORDS if k in keywords)])
    if name == "arange":
        _check_arange(node, [sample(node, value) for value in arguments], keywords)


def _check_arange(node: ast.AST, numbers: list[Any], keywords: dict[str, Value]) -> None:
    if not 1 <= len(numbers) <= 3 or set(keywords) - {"dtype"}:
        raise fail(node, "fails", "np.arange takes one to three plain arguments")
    if not all(isinstance(number, bool | int | float) for number in numbers):
        raise fail(node, "fails", "np.arange takes numbers")
    start, stop, step = {1: (0, *numbers, 1), 2: (*numbers, 1), 3: numbers}[len(numbers)]
    if step == 0 or abs((stop - start) / step) > MAX_ELEMENTS:
        raise fail(node, "too-large", f"np.arange gives more than {MAX_ELEMENTS} elements")


def check_sizes(node: ast.AST, values: Iterable[Value]) -> None:
    """Refuse whole numbers that would make an array too large, as sizes or repetitions."""
    for value in values:
        numbers = [leaf.value for leaf in leaves(value) if isinstance(leaf, Known)]
        sizes = [abs(number) for number in numbers if type(number) is int and number]
        if math.prod(sizes) > MAX_ELEMENTS:
            raise fail(node, "too-large", f"arrays are limited to {MAX_ELEMENTS} elements")
