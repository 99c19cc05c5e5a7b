"""What the translator knows about a value without running the program.

`Known` is any Python value that does not depend on state or action; `Traced` a number or array that
will be a JAX array. Containers are Python's own and hold either. All values are immutable: a
statement that changes one binds its name anew.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .facts import Frame

_serial = itertools.count()
_DTYPES: dict[str, Any] = {"b": np.bool_, "i": np.int64, "f": np.float64}
_ORDER = "bif"
PYTHON_BOOL, NUMPY_BOOL = "python", "numpy"


@dataclass(frozen=True)
class Known:
    """A Python number, string, None or dtype, known while tracing."""

    value: Any


@dataclass(frozen=True, eq=False)
class Traced:
    """A number or an array that JAX traces."""

    shape: tuple[int, ...] = ()
    kind: str = "f"  # "b", "i" or "f"
    python: bool = False  # a Python number in the original: True + True is 2 there, not True
    mixed: bool = False  # a Python number on some path, one of NumPy on another
    exact: np.ndarray | None = None  # the value itself, where it depends on constants only
    concrete: bool = False  # known here, and a Python number when run: traced on another visit
    storage: int = field(default_factory=_serial.__next__)  # shared by views of one array
    mask: object = None  # for a[mask]: which mask, equal for equal ones; shape is that of a
    # Which sorts of booleans it may be in the original; known from `kind` and `python` unless it
    # depends on the path.
    bools: frozenset[str] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.bools is None:
            sort = [PYTHON_BOOL] if self.python else [NUMPY_BOOL]
            sorts = [PYTHON_BOOL, NUMPY_BOOL] if self.mixed else sort
            object.__setattr__(self, "bools", frozenset(sorts if self.kind == "b" else []))

    def sample(self) -> Any:
        """A number or array like this one, to ask NumPy what an operation makes of it."""
        array = np.ones(self.shape, _DTYPES[self.kind]) if self.exact is None else self.exact
        return array.item() if self.python else array[()]


class _Container:
    children: tuple[Value, ...]

    @cached_property
    def extent(self) -> tuple[int, int]:
        """How many values are inside, containers inside included, and how deeply they nest."""
        inner = [c.extent if isinstance(c, _Container) else (1, 0) for c in self.children]
        return sum(count for count, _ in inner), 1 + max((depth for _, depth in inner), default=0)


@dataclass(frozen=True)
class Items(_Container):
    """A list, a tuple, or anything that is iterated over."""

    items: tuple[Value, ...]
    is_list: bool = True
    storage: int = field(default_factory=_serial.__next__, compare=False)

    @property
    def children(self) -> tuple[Value, ...]:  # type: ignore[override]
        """What it holds."""
        return self.items


@dataclass(frozen=True)
class Mapping(_Container):
    """A dict with constant keys."""

    items: tuple[tuple[object, Value], ...]
    storage: int = field(default_factory=_serial.__next__, compare=False)

    @property
    def children(self) -> tuple[Value, ...]:  # type: ignore[override]
        """What it holds."""
        return tuple(value for _, value in self.items)

    def as_dict(self) -> dict[object, Value]:
        """The entries by key."""
        return dict(self.items)


@dataclass(frozen=True)
class Function:
    """A function or lambda of the source, with the frame that it closes over."""

    node: ast.FunctionDef | ast.Lambda
    frame: Frame
    defaults: tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class Library:
    """A module, function, type or constant of NumPy, of math or of Python: "numpy.linalg.norm"."""

    path: str


@dataclass(frozen=True)
class Method:
    """A method of a value, about to be called."""

    owner: Value
    name: str


@dataclass(frozen=True)
class Undefined:
    """A variable without a value on some path; an error only where it is used."""

    reason: str


Value = Known | Traced | Items | Mapping | Function | Library | Method | Undefined


def from_numpy(
    array: Any, *, exact: bool, python: bool = False, storage: int | None = None
) -> Traced:
    """The value that describes a NumPy result; its numbers are kept only if they are `exact`."""
    array = np.asarray(array)
    kind = {"u": "i"}.get(array.dtype.kind, array.dtype.kind)
    if kind not in _DTYPES:
        raise TypeError(f"not a real number: {array.dtype}")
    traced = Traced(array.shape, kind, python, exact=array if exact else None)
    return traced if storage is None else replace(traced, storage=storage)


def is_number(value: Value) -> bool:
    """Known number (bool included)?"""
    return isinstance(value, Known) and isinstance(value.value, bool | int | float)


def is_numeric(value: Value) -> bool:
    """A number or array, known or traced?"""
    return isinstance(value, Traced) or is_number(value)


def as_traced(value: Value) -> Traced | None:
    """A number or array as a traced one; None for anything else."""
    if isinstance(value, Traced):
        return value
    if is_number(value):
        assert isinstance(value, Known)
        return replace(from_numpy(value.value, exact=True, python=True), concrete=True)
    return None


def leaves(value: Value) -> Iterator[Value]:
    """The value itself, or what a container holds, containers inside included."""
    if isinstance(value, Items | Mapping):
        for child in value.children:
            yield from leaves(child)
    else:
        yield value


def storages(value: Value) -> set[int]:
    """What would change if somebody wrote into this value."""
    found = {leaf.storage for leaf in leaves(value) if isinstance(leaf, Traced) and leaf.shape}
    if isinstance(value, Items | Mapping):
        found.add(value.storage)
        for child in value.children:
            found |= storages(child)
    return found


def join(first: Value, second: Value) -> Value:
    """The value of a variable that is `first` on one path and `second` on the other."""
    if first is second:
        return first
    if isinstance(first, Undefined) or isinstance(second, Undefined):
        return first if isinstance(first, Undefined) else second
    if isinstance(first, Known) and first == second and not is_number(first):
        return first
    one, other = as_traced(first), as_traced(second)
    if one is not None and other is not None:
        return _join_traced(one, other)
    if isinstance(first, Items) and isinstance(second, Items):
        return _join_items(first, second)
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        theirs = second.as_dict()
        return Mapping(tuple((k, join(v, theirs[k])) for k, v in first.items if k in theirs))
    if first == second:
        return first
    return Undefined("it is of another type on another path")


def _join_traced(one: Traced, other: Traced) -> Value:
    if one.shape != other.shape or one.mask != other.mask:
        return Undefined(f"its shape is {one.shape} on one path and {other.shape} on another")
    kind = max(one.kind, other.kind, key=_ORDER.index)
    return Traced(
        one.shape,
        kind,
        one.python and other.python,
        one.mixed or other.mixed or one.python != other.python,
        mask=one.mask,
        bools=one.bools | other.bools,
    )


def _join_items(first: Items, second: Items) -> Value:
    if len(first.items) != len(second.items) or first.is_list != second.is_list:
        return Undefined(
            f"it has {len(first.items)} items on one path and {len(second.items)} on another"
        )
    joined = tuple(join(a, b) for a, b in zip(first.items, second.items, strict=True))
    return Items(joined, first.is_list)
