"""Analysis of expressions: what each one is, and which are wrong.

Mirrors Python's evaluation, one small function a node type. Both sides of a condition that depends
on the state are looked at; of one that is known, Python's choice only.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from dataclasses import replace

from .. import tables
from ..findings import fail
from ..names import dotted
from .arrays import binary, describe, known
from .booleans import check_unary
from .calls import call
from .conditions import check_truth, compare, is_true
from .containers import elements
from .facts import Analysis, Frame
from .indexing import select_index
from .values import (
    Function,
    Items,
    Known,
    Library,
    Mapping,
    Method,
    Traced,
    Undefined,
    Value,
    as_traced,
    is_number,
    is_numeric,
    join,
)


def evaluate(node: ast.expr, frame: Frame, run: Analysis) -> Value:
    """The value of an expression on this visit; raises RewardCodeError where it has none."""
    run.step(node)
    handler = _HANDLERS.get(type(node))
    if handler is None:
        raise fail(node, "forbidden-syntax", f"{type(node).__name__} cannot stand here")
    return run.record(node, handler(node, frame, run))


def _constant(node: ast.Constant, frame: Frame, run: Analysis) -> Value:
    return Known(node.value)


def _name(node: ast.Name, frame: Frame, run: Analysis) -> Value:
    value = frame.lookup(node.id)
    if isinstance(value, Undefined):
        raise fail(
            node, "undefined", f"{node.id} may have no value here: {value.reason}",
            "give it a value before the condition",
        )  # fmt: skip
    if value is not None:
        return value
    if node.id in run.bindings:
        return _library(node, run.bindings[node.id])
    if node.id in tables.BUILTINS:
        return Library(node.id)
    raise fail(node, "undefined", f"{node.id} has no value here", "assign it before it is used")


def _library(node: ast.AST, path: str) -> Value:
    constant = path.rpartition(".")[2]
    if path == "numpy.newaxis":
        return Known(None)
    if constant in tables.NUMPY_CONSTANTS or constant in tables.MATH_CONSTANTS:
        return Known(getattr(math, constant))
    return Library(path)


def _attribute(node: ast.Attribute, frame: Frame, run: Analysis) -> Value:
    path = dotted(node, run.bindings)
    if path is not None:
        return _library(node, path)
    owner = evaluate(node.value, frame, run)
    if isinstance(owner, Traced) and node.attr in tables.ARRAY_PROPERTIES:
        return _property(node, owner)
    if isinstance(owner, Traced) and not owner.python and node.attr in tables.ARRAY_METHODS:
        return Method(owner, node.attr)
    if isinstance(owner, Items | Mapping) and node.attr in tables.CONTAINER_METHODS:
        return Method(owner, node.attr)
    raise fail(node, "unknown-attribute", f"{describe(owner)} has no usable .{node.attr}")


def _property(node: ast.Attribute, owner: Traced) -> Value:
    if owner.mask is not None and node.attr == "size":
        return Traced(kind="i", python=True)
    if owner.mask is not None or owner.python:
        raise fail(node, "unknown-attribute", f"{describe(owner)} has no usable .{node.attr}")
    if node.attr == "T":
        exact = None if owner.exact is None else owner.exact.T
        return replace(owner, shape=owner.shape[::-1], exact=exact)
    if node.attr == "shape":
        return Items(tuple(Known(size) for size in owner.shape), is_list=False)
    return Known(math.prod(owner.shape) if node.attr == "size" else len(owner.shape))


def _binary(node: ast.BinOp, frame: Frame, run: Analysis) -> Value:
    left, right = evaluate(node.left, frame, run), evaluate(node.right, frame, run)
    if isinstance(left, Items) and isinstance(right, Items) and isinstance(node.op, ast.Add):
        return Items(left.items + right.items, left.is_list)
    if isinstance(node.op, ast.Mult):
        for items, count in ((left, right), (right, left)):
            if isinstance(items, Items) and is_number(count):
                return _repeated(node, items, count)
    for side in (left, right):
        if not is_numeric(side) and not isinstance(side, Items):
            raise fail(node, "not-a-number", f"{describe(side)} cannot be calculated with")
    if isinstance(left, Items) and isinstance(right, Items):
        raise fail(node, "not-a-number", "two lists cannot be calculated with", "use np.array")
    return binary(node, node.op, left, right)


def _repeated(node: ast.BinOp, items: Items, count: Value) -> Value:
    """`3 * [0.0]`, which is no arithmetic."""
    times = known(node, operator.index, count).value
    return elements(node, Items(items.items * min(times, 1000), items.is_list))


def _unary(node: ast.UnaryOp, frame: Frame, run: Analysis) -> Value:
    operand = evaluate(node.operand, frame, run)
    if isinstance(node.op, ast.Not):
        if isinstance(operand, Traced):
            check_truth(node.operand, operand)
            return Traced(kind="b", python=True)
        return Known(not is_true(node.operand, operand))
    traced = as_traced(operand)
    if traced is None:
        raise fail(node, "not-a-number", f"{describe(operand)} cannot be calculated with")
    check_unary(node, node.op, traced)
    sign = ast.Mult() if not isinstance(node.op, ast.Invert) else ast.BitXor()
    factor = {ast.USub: Known(-1), ast.UAdd: Known(1)}.get(type(node.op), Known(True))
    return binary(node, sign, operand, factor)


def _bool_op(node: ast.BoolOp, frame: Frame, run: Analysis) -> Value:
    """Known operands decide as in Python; from the first traced one on, all are looked at."""
    traced: list[Traced] = []
    value: Value = Known(True)
    for position, operand in enumerate(node.values):
        value = evaluate(operand, frame, run)
        last = position == len(node.values) - 1
        number = as_traced(value)
        if isinstance(value, Traced) or (traced and number is not None):
            assert number is not None
            if not last:
                check_truth(operand, number)
            traced.append(number)
        elif traced:
            raise fail(operand, "not-a-condition", f"{describe(value)} is no condition")
        elif is_true(operand, value) == isinstance(node.op, ast.Or):
            return value
    if not traced:
        return value
    joined: Value = traced[0]
    for number in traced[1:]:
        joined = join(joined, number)
    if not isinstance(joined, Traced):
        raise fail(node, "array-truth", "and/or of arrays", "use np.logical_and or np.logical_or")
    return replace(joined, concrete=any(number.concrete for number in traced))


def _compare(node: ast.Compare, frame: Frame, run: Analysis) -> Value:
    return compare(node, [evaluate(part, frame, run) for part in (node.left, *node.comparators)])


def _if_exp(node: ast.IfExp, frame: Frame, run: Analysis) -> Value:
    test = evaluate(node.test, frame, run)
    if not isinstance(test, Traced):
        truth = is_true(node.test, test)
        run.taken.setdefault(id(node), set()).add(truth)
        return evaluate(node.body if truth else node.orelse, frame, run)
    check_truth(node.test, test)
    joined = join(evaluate(node.body, frame, run), evaluate(node.orelse, frame, run))
    if isinstance(joined, Undefined):
        raise fail(node, "mixed-types", f"the two values do not match: {joined.reason}")
    return joined


def _lambda(node: ast.Lambda, frame: Frame, run: Analysis) -> Value:
    return Function(node, frame, argument_defaults(node.args, frame, run))


def argument_defaults(
    arguments: ast.arguments, frame: Frame, run: Analysis
) -> tuple[tuple[str, Value], ...]:
    """Defaults of a function's arguments by name, evaluated where it is defined."""
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = list(zip(reversed(positional), reversed(arguments.defaults), strict=False))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            pairs.append((argument, default))
    return tuple((argument.arg, evaluate(default, frame, run)) for argument, default in pairs)


def _sequence(node: ast.List | ast.Tuple, frame: Frame, run: Analysis) -> Value:
    items = tuple(evaluate(element, frame, run) for element in node.elts)
    return Items(items, isinstance(node, ast.List))


def _dict(node: ast.Dict, frame: Frame, run: Analysis) -> Value:
    entries: dict[object, Value] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            raise fail(node, "forbidden-syntax", "** in a dict is not allowed", "write it out")
        entries[constant_key(key, evaluate(key, frame, run))] = evaluate(value, frame, run)
    return Mapping(tuple(entries.items()))


def constant_key(node: ast.AST, value: Value) -> object:
    """The key that a dict is asked for; it has to be known."""
    if isinstance(value, Known) and isinstance(value.value, str | int | float):
        return value.value
    raise fail(node, "dict-key", "the key of a dict has to be a constant")


def _call(node: ast.Call, frame: Frame, run: Analysis) -> Value:
    function = evaluate(node.func, frame, run)
    arguments = [evaluate(argument, frame, run) for argument in node.args]
    keywords = {k.arg: evaluate(k.value, frame, run) for k in node.keywords if k.arg is not None}
    return call(node, function, arguments, keywords, run)


def _subscript(node: ast.Subscript, frame: Frame, run: Analysis) -> Value:
    owner = evaluate(node.value, frame, run)
    if isinstance(owner, Mapping):
        key = constant_key(node.slice, evaluate(node.slice, frame, run))
        if key not in owner.as_dict():
            raise fail(node, "undefined", f"the key {key!r} is not set here on every path")
        return owner.as_dict()[key]
    parts = index_parts(node.slice, frame, run)
    return select_index(node, owner, parts, mask_key(node.slice, frame), run)


def mask_key(index: ast.expr, frame: Frame) -> object:
    """Equal for two indices that are the same expression of the same variables."""
    names = sorted({n.id for n in ast.walk(index) if isinstance(n, ast.Name)})
    return ast.dump(index), tuple(frame.lookup(name) for name in names)


def index_parts(index: ast.expr, frame: Frame, run: Analysis) -> list[Value]:
    """The parts of what stands in brackets; a slice becomes a known slice object."""
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    return [_index_part(part, frame, run) for part in parts]


def _index_part(part: ast.expr, frame: Frame, run: Analysis) -> Value:
    if not isinstance(part, ast.Slice):
        return evaluate(part, frame, run)
    bounds = []
    for bound in (part.lower, part.upper, part.step):
        value = Known(None) if bound is None else evaluate(bound, frame, run)
        if not isinstance(value, Known) or not isinstance(value.value, int | None):
            raise fail(part, "shape-from-data", "the bounds of a slice have to be known integers")
        bounds.append(value.value)
    if bounds[2] == 0:
        raise fail(part, "bad-index", "the step of a slice is zero")
    return Known(slice(*bounds))


def _comprehension(
    node: ast.ListComp | ast.GeneratorExp | ast.DictComp, frame: Frame, run: Analysis
) -> Value:
    inner = Frame({}, frame)
    results: list[tuple[object, Value]] = []
    _turns(node, 0, inner, run, results)
    if isinstance(node, ast.DictComp):
        return Mapping(tuple(dict(results).items()))
    return elements(node, Items(tuple(value for _, value in results)))


def _turns(
    node: ast.ListComp | ast.GeneratorExp | ast.DictComp,
    depth: int,
    frame: Frame,
    run: Analysis,
    results: list[tuple[object, Value]],
) -> None:
    """Run the loops of a comprehension from the `depth`-th on."""
    if depth == len(node.generators):
        run.executed.add(id(node))
        if isinstance(node, ast.DictComp):
            key = constant_key(node.key, evaluate(node.key, frame, run))
            results.append((key, evaluate(node.value, frame, run)))
        else:
            results.append((None, evaluate(node.elt, frame, run)))
        return
    loop = node.generators[depth]
    for item in elements(loop.iter, evaluate(loop.iter, frame, run)).items:
        bind_target(loop.target, item, frame)
        if all(_passes(test, frame, run) for test in loop.ifs):
            _turns(node, depth + 1, frame, run, results)


def _passes(test: ast.expr, frame: Frame, run: Analysis) -> bool:
    value = evaluate(test, frame, run)
    if isinstance(value, Traced):
        raise fail(
            test, "data-dependent-shape", "how many items are kept depends on the data",
            "keep all: sum(x if condition else 0.0 for x in ...)",
        )  # fmt: skip
    return is_true(test, value)


def bind_target(target: ast.expr, value: Value, frame: Frame) -> None:
    """Assign to the names of a comprehension's loop."""
    if isinstance(target, ast.Name):
        frame.names[target.id] = value
    else:
        for element, item in unpack(target, value):
            bind_target(element, item, frame)


def unpack(target: ast.expr, value: Value) -> list[tuple[ast.expr, Value]]:
    """Which item goes to which part of `a, b = value`."""
    if not isinstance(target, ast.Tuple | ast.List):
        raise fail(target, "assignment", "this cannot be assigned to here")
    items = elements(target, value).items
    if len(items) != len(target.elts):
        raise fail(
            target, "unpacking", f"{len(items)} values for {len(target.elts)} names",
            "check the length of the slice",
        )  # fmt: skip
    return list(zip(target.elts, items, strict=True))


_HANDLERS: dict[type[ast.AST], Callable[..., Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _bool_op,
    ast.Compare: _compare,
    ast.IfExp: _if_exp,
    ast.Call: _call,
    ast.Lambda: _lambda,
    ast.List: _sequence,
    ast.Tuple: _sequence,
    ast.Dict: _dict,
    ast.ListComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
}
