"""Expressions of reward code as jnp expressions.

Known values stay Python; `where` and its like appear only where the analysis found a traced value.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial, reduce

from .. import tables
from ..analysis.booleans import counts, is_open, open_sort, sorts_of_pairs
from ..analysis.facts import Fact
from ..findings import fail
from ..names import dotted
from .calls import CallSite, express_call
from .writer import Output, Scope, dotted_name, make_call


def express(node: ast.expr, scope: Scope, out: Output) -> ast.expr:
    """The translation of one expression."""
    return _HANDLERS[type(node)](node, scope, out)


def as_array(node: ast.expr, scope: Scope, out: Output) -> ast.expr:
    """An argument of an array function: jnp takes no lists."""
    expression = express(node, scope, out)
    if out.run.fact(node).container:
        return make_call(out.jnp("asarray"), expression)
    return expression


def truth(node: ast.expr, scope: Scope, out: Output) -> ast.expr:
    """A traced expression as a condition: one boolean."""
    fact = out.run.fact(node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _opposite(node.operand, scope, out)
    if isinstance(node, ast.BoolOp) and fact.traced:
        return _combine_conditions(node, scope, out)
    expression = express(node, scope, out)
    if not _is_boolean(fact):
        expression = ast.Compare(expression, [ast.NotEq()], [ast.Constant(0)])
    if fact.known or not fact.traced:
        expression = make_call(out.jnp("asarray"), expression)
    return expression if fact.scalar else make_call(ast.Attribute(expression, "squeeze"))


def _opposite(node: ast.expr, scope: Scope, out: Output) -> ast.expr:
    if isinstance(node, ast.Name) and out.run.fact(node).known:
        return make_call(out.jnp("logical_not"), express(node, scope, out))
    return negate(truth(node, scope, out))


def _is_boolean(fact: Fact) -> bool:
    if fact.traced and fact.kind != "b":
        return False
    return all(isinstance(constant, bool) for constant in fact.constants)


def negate(condition: ast.expr) -> ast.expr:
    """The opposite of a condition that is an array (of a Python bool `~` would be a number)."""
    if isinstance(condition, ast.UnaryOp) and isinstance(condition.op, ast.Invert):
        return condition.operand
    return ast.UnaryOp(ast.Invert(), condition)


def conjunction(conditions: list[ast.expr], op: ast.operator | None = None) -> ast.expr:
    """All conditions at once, with `&` (or the operator given)."""
    return reduce(lambda a, b: ast.BinOp(a, op or ast.BitAnd(), b), conditions)


def _combine_conditions(node: ast.BoolOp, scope: Scope, out: Output) -> ast.expr:
    op = ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr()
    reached = [value for value in node.values if id(value) in out.run.facts]
    known = [value for value in reached if not out.run.fact(value).traced]
    # Known operands in front may spare the rest, which may not even be well defined then.
    leading = reached[: next(i for i, value in enumerate(reached) if value not in known)]
    rest = [value for value in reached if value not in leading]
    combined = conjunction([truth(value, scope, out) for value in rest], op)
    if not leading:
        return combined
    fronts = [_python_truth(value, scope, out) for value in leading]
    return make_call(out.jnp("asarray"), ast.BoolOp(node.op, [*fronts, combined]))


def _python_truth(node: ast.expr, scope: Scope, out: Output) -> ast.expr:
    """A known operand as True or False: `True & 2` would be 0."""
    expression = express(node, scope, out)
    return (
        expression if _is_boolean(out.run.fact(node)) else make_call(ast.Name("bool"), expression)
    )


def _constant(node: ast.Constant, scope: Scope, out: Output) -> ast.expr:
    return node


def _name(node: ast.Name, scope: Scope, out: Output) -> ast.expr:
    if node.id in out.run.bindings:
        return _library(node, out.run.bindings[node.id], out)
    return ast.Name(scope.read(node.id, out))


def _library(node: ast.expr, path: str, out: Output) -> ast.expr:
    module, _, name = path.partition(".")
    if name == "newaxis":
        return ast.Constant(None)
    if module == "numpy" and name in tables.NUMPY_CONSTANTS:
        return out.jnp(name)
    if module == "math" and name in tables.MATH_CONSTANTS:
        out.modules.add("math")
        return dotted_name(path)
    if name in tables.CASTS:
        return ast.Name(tables.CASTS[name])
    raise fail(node, "function-value", f"{path} can be called only", "call it where it is needed")


def _attribute(node: ast.Attribute, scope: Scope, out: Output) -> ast.expr:
    path = dotted(node, out.run.bindings)
    if path is not None:
        return _library(node, path, out)
    if out.run.fact(node.value).masked:
        return make_call(out.jnp("sum"), mask_of(node.value, scope, out))  # .size of a[mask]
    return ast.Attribute(express(node.value, scope, out), node.attr)


def _subscript(node: ast.Subscript, scope: Scope, out: Output) -> ast.expr:
    owner = express(node.value, scope, out)
    how = out.run.indexing.get(id(node), {"plain"})
    if "mask" in how:
        if len(how) > 1:
            raise fail(node, "bad-index", "an index that is a mask on one visit only")
        return owner  # the whole array; who reduces it asks for the mask
    index = express_index(node.slice, scope, out)
    if "dynamic" in how and out.run.fact(node).kind == "f":
        # Outside the array jnp would clamp; NaN is noticed.
        place = ast.Subscript(ast.Attribute(owner, "at"), index)
        get = ast.Attribute(place, "get")
        return make_call(get, mode=ast.Constant("fill"), fill_value=out.jnp("nan"))
    return ast.Subscript(owner, index)


def express_index(index: ast.expr, scope: Scope, out: Output) -> ast.expr:
    """What stands in brackets."""
    if isinstance(index, ast.Tuple):
        return ast.Tuple([express_index(part, scope, out) for part in index.elts])
    if isinstance(index, ast.Slice):
        bounds = (index.lower, index.upper, index.step)
        return ast.Slice(*(None if b is None else express(b, scope, out) for b in bounds))
    return as_array(index, scope, out)


def mask_of(node: ast.expr, scope: Scope, out: Output) -> ast.expr:
    """The mask of an expression that is, or is calculated from, `a[mask]`."""
    if isinstance(node, ast.Subscript) and "mask" in out.run.indexing.get(id(node), ()):
        return express(node.slice, scope, out)
    if isinstance(node, ast.Name):
        name = scope.read(node.id, out)
        if name in out.masks:
            return out.masks[name]
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr) and out.run.fact(child).masked:
            return mask_of(child, scope, out)
    raise fail(
        node, "data-dependent-shape", "a[mask] is carried too far", "use np.where(mask, a, 0)"
    )


def _binary(node: ast.BinOp, scope: Scope, out: Output) -> ast.expr:
    sides = (node.left, node.right)
    facts = [out.run.fact(side) for side in sides]
    form = as_array if out.run.fact(node).traced else express
    left, right = (form(side, scope, out) for side in sides)
    if all("b" in fact.kinds for fact in facts) and out.run.fact(node).traced:
        sorts = sorts_of_pairs(*(fact.bools for fact in facts))
        plain = [fact.kinds == {"b"} for fact in facts]  # the other may be a number now and then
        if is_open(node.op, sorts) or (counts(node.op, sorts) and not any(plain)):
            raise open_sort(node)
        if counts(node.op, sorts):
            left, right = (
                make_call(out.helper("as_int"), side) if is_plain and fact.traced else side
                for side, fact, is_plain in zip((left, right), facts, plain, strict=True)
            )
    return ast.BinOp(left, node.op, right)


def _unary(node: ast.UnaryOp, scope: Scope, out: Output) -> ast.expr:
    fact = out.run.fact(node.operand)
    if isinstance(node.op, ast.Not) and out.run.fact(node).traced:
        return truth(node, scope, out)
    operand = express(node.operand, scope, out)
    if not fact.traced:
        return ast.UnaryOp(node.op, operand)
    if isinstance(node.op, ast.Invert):
        return negate(operand)
    if "b" in fact.kinds and fact.kinds != {"b"}:
        raise open_sort(node)
    if fact.kind == "b":
        operand = make_call(out.helper("as_int"), operand)
    return ast.UnaryOp(node.op, operand)


def _bool_op(node: ast.BoolOp, scope: Scope, out: Output) -> ast.expr:
    """`and` and `or` give one of their operands; only for booleans that is a condition."""
    run = out.run
    reached = [value for value in node.values if id(value) in run.facts]
    if len(reached) == 1:
        return express(reached[0], scope, out)
    if not run.fact(node).traced:
        return ast.BoolOp(node.op, [express(value, scope, out) for value in reached])
    if all(_is_boolean(run.fact(value)) for value in reached):
        return _combine_conditions(node, scope, out)
    helper = "python_and" if isinstance(node.op, ast.And) else "python_or"
    *first, last = reached
    result = express(last, scope, out)
    for value in reversed(first):
        expression = express(value, scope, out)
        if run.fact(value).traced:
            result = make_call(out.helper(helper), expression, result)
        else:
            result = ast.BoolOp(node.op, [expression, result])
    return result


def _compare(node: ast.Compare, scope: Scope, out: Output) -> ast.expr:
    parts = [node.left, *node.comparators]
    if not out.run.fact(node).traced:
        values = [express(part, scope, out) for part in parts]
        return ast.Compare(values[0], node.ops, values[1:])
    values = [as_array(part, scope, out) for part in parts]
    pairs = [
        _membership(op, values[i], parts[i + 1], scope, out)
        if isinstance(op, ast.In | ast.NotIn)
        else ast.Compare(values[i], [op], [values[i + 1]])
        for i, op in enumerate(node.ops)
    ]
    return conjunction(pairs)


def _membership(
    op: ast.cmpop, value: ast.expr, right: ast.expr, scope: Scope, out: Output
) -> ast.expr:
    if isinstance(right, ast.List | ast.Tuple):
        items = [express(item, scope, out) for item in right.elts]
        tests: list[ast.expr] = [ast.Compare(value, [ast.Eq()], [item]) for item in items]
        inside = conjunction(tests, ast.BitOr())
    else:
        candidates = make_call(out.jnp("asarray"), express(right, scope, out))
        inside = make_call(out.jnp("any"), ast.Compare(value, [ast.Eq()], [candidates]))
    return inside if isinstance(op, ast.In) else make_call(out.jnp("logical_not"), inside)


def _if_exp(node: ast.IfExp, scope: Scope, out: Output) -> ast.expr:
    taken = out.run.taken.get(id(node), set())
    if not out.run.fact(node.test).traced and len(taken) == 1:
        return express(node.body if True in taken else node.orelse, scope, out)
    body, orelse = express(node.body, scope, out), express(node.orelse, scope, out)
    if not out.run.fact(node.test).traced:
        return ast.IfExp(express(node.test, scope, out), body, orelse)
    fact = out.run.fact(node)
    choose = out.jnp("where") if fact.traced and not fact.container else out.helper("select")
    return make_call(choose, truth(node.test, scope, out), body, orelse)


def _call(node: ast.Call, scope: Scope, out: Output) -> ast.expr:
    forms = [partial(form, scope=scope, out=out) for form in (express, as_array, truth, mask_of)]
    return express_call(CallSite(node, scope, out, *forms))


def _lambda(node: ast.Lambda, scope: Scope, out: Output) -> ast.expr:
    if id(node) not in out.run.executed:
        return ast.Constant(None)  # never called, so nothing is known about it
    inner = scope.inner()
    note_captured(node, scope, out)
    arguments = express_arguments(node.args, scope, inner, out)
    return ast.Lambda(arguments, express(node.body, inner, out))


def note_captured(node: ast.FunctionDef | ast.Lambda, scope: Scope, out: Output) -> None:
    """Remember which emitted names a function reads from around it, for the check at its calls."""
    bound = {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
    body = node.body if isinstance(node.body, list) else [node.body]
    inside = [n for statement in body for n in ast.walk(statement) if isinstance(n, ast.Name)]
    bound |= {n.id for n in inside if isinstance(n.ctx, ast.Store)}
    free = {n.id for n in inside if n.id not in bound}
    out.captured[id(node)] = {name: scope.read(name, out) for name in free}


def express_arguments(
    arguments: ast.arguments, scope: Scope, inner: Scope, out: Output
) -> ast.arguments:
    """The parameters of a function, with defaults from around it and names of its own inside."""

    def parameter(argument: ast.arg) -> ast.arg:
        inner.own.discard(argument.arg)
        return ast.arg(inner.assign(argument.arg, out))

    return ast.arguments(
        [parameter(argument) for argument in arguments.posonlyargs],
        [parameter(argument) for argument in arguments.args],
        None,
        [parameter(argument) for argument in arguments.kwonlyargs],
        [None if d is None else express(d, scope, out) for d in arguments.kw_defaults],
        None,
        [express(default, scope, out) for default in arguments.defaults],
    )


def _sequence(node: ast.List | ast.Tuple, scope: Scope, out: Output) -> ast.expr:
    return type(node)([express(element, scope, out) for element in node.elts])


def _dict(node: ast.Dict, scope: Scope, out: Output) -> ast.expr:
    keys = [None if key is None else express(key, scope, out) for key in node.keys]
    return ast.Dict(keys, [express(value, scope, out) for value in node.values])


def _comprehension(
    node: ast.ListComp | ast.GeneratorExp | ast.DictComp, scope: Scope, out: Output
) -> ast.expr:
    if id(node) not in out.run.executed:
        return ast.Dict([], []) if isinstance(node, ast.DictComp) else ast.List([])
    inner = scope.inner()
    generators = []
    for loop in node.generators:
        source = express(loop.iter, inner, out)
        target = express_target(loop.target, inner, out)
        tests = [express(test, inner, out) for test in loop.ifs]
        generators.append(ast.comprehension(target, source, tests, 0))
    if isinstance(node, ast.DictComp):
        key, value = express(node.key, inner, out), express(node.value, inner, out)
        return ast.DictComp(key, value, generators)
    return type(node)(express(node.elt, inner, out), generators)


def express_target(target: ast.expr, scope: Scope, out: Output) -> ast.expr:
    """Names that are assigned to, in this scope."""
    if isinstance(target, ast.Name):
        return ast.Name(scope.assign(target.id, out))
    if isinstance(target, ast.Tuple | ast.List):
        return ast.Tuple([express_target(element, scope, out) for element in target.elts])
    raise fail(target, "assignment", "an element among several targets", "assign one at a time")


_HANDLERS: dict[type[ast.AST], Callable[..., ast.expr]] = {
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
