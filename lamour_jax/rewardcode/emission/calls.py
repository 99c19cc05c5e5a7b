"""Calls in reward code as jnp calls: the source's functions, NumPy, math, Python's, methods."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from .. import tables
from ..analysis.booleans import open_sort
from ..analysis.values import PYTHON_BOOL
from ..findings import fail
from .writer import Output, Scope, dotted_name, make_call

Form = Callable[[ast.expr], ast.expr]


@dataclass(frozen=True)
class CallSite:
    """A call to translate, and the forms that its arguments can be translated to."""

    node: ast.Call
    scope: Scope
    out: Output
    plain: Form
    array: Form  # lists become arrays
    truth: Form  # one boolean
    mask: Form  # the mask of a[mask]

    def is_traced(self) -> bool:
        """Does the result depend on anything that JAX traces?"""
        return self.out.run.fact(self.node).traced

    def masked_argument(self) -> ast.expr | None:
        """The first argument that is, or is calculated from, `a[mask]`."""
        run = self.out.run
        return next((a for a in self.node.args if run.fact(a).masked), None)


def express_call(site: CallSite) -> ast.expr:
    """The translation of one call."""
    targets = site.out.run.fact(site.node.func).targets
    if not targets:
        return _method(site)
    if isinstance(targets[0], ast.FunctionDef | ast.Lambda):
        return _source_function(site, targets)
    if len(targets) > 1:
        raise fail(site.node, "function-value", "which function is called here varies")
    module, _, name = str(targets[0]).rpartition(".")
    if module.startswith("numpy"):
        return _numpy(site, str(targets[0]).removeprefix("numpy."))
    if module == "math":
        return _math(site, name)
    handler = _BUILTINS.get(name) if site.is_traced() else _KNOWN_BUILTINS.get(name)
    return handler(site) if handler is not None else _as_written(site, ast.Name(name))


def _as_written(site: CallSite, function: ast.expr) -> ast.expr:
    arguments = [site.plain(argument) for argument in site.node.args]
    keywords = [ast.keyword(k.arg, site.plain(k.value)) for k in site.node.keywords]
    return ast.Call(function, arguments, keywords)


def _source_function(site: CallSite, targets: list[object]) -> ast.expr:
    for target in targets:
        _check_captured(site, id(target))
    call = _as_written(site, site.plain(site.node.func))
    assert isinstance(call, ast.Call)
    for keyword in call.keywords:
        keyword.arg = site.out.renamed.get(keyword.arg or "", keyword.arg)
    return call


def _check_captured(site: CallSite, function: int) -> None:
    """A nested function reads variables by name: they must still go by the names it knows."""
    out = site.out
    for name, emitted in out.captured.get(function, {}).items():
        if name in site.scope.names and site.scope.names[name] != emitted:
            raise fail(
                site.node, "captured-variable",
                f"a function reads {name} from around it, which a condition has changed",
                f"pass {name} to the function as an argument",
            )  # fmt: skip


# NumPy

# Keywords that hold numbers or arrays; the others are settings, and stay as they are.
_ARRAY_KEYWORDS = ("where", "initial", "weights", "fill_value", "min", "max", "x1", "x2")
# Several arguments may be arrays; of the other functions, only the first is one.
_MANY_ARRAYS = (
    "dot", "vdot", "inner", "outer", "cross", "matmul", "interp", "polyval", "array_equal",
    "allclose", "percentile", "quantile", "append",
)  # fmt: skip


def _numpy(site: CallSite, name: str) -> ast.expr:
    if name in tables.CASTS:
        return _cast_array(site, site.node.args[0], tables.CASTS[name])
    masked = site.masked_argument()
    if masked is not None and name in tables.MASKABLE_REDUCTIONS:
        return _masked_reduction(site, name, masked, site.node.args[1:])
    own = tables.OWN_VERSIONS.get(name)
    function = site.out.helper(own) if own else site.out.jnp(tables.NUMPY_FUNCTIONS[name])
    keywords = _keywords(site)
    return ast.Call(function, _numpy_arguments(site, name), keywords)


def _numpy_arguments(site: CallSite, name: str) -> list[ast.expr]:
    arguments = site.node.args
    if name in tables.MAKERS and not name.endswith("_like"):
        return [_setting(site, argument) for argument in arguments]
    if name in ("array", "asarray", "copy"):
        return [site.plain(arguments[0]), *(_dtype(site, a) for a in arguments[1:])]
    if name in tables.ELEMENTWISE or name in _MANY_ARRAYS:
        return [site.array(argument) for argument in arguments]
    rest = [_setting(site, argument) for argument in arguments[1:]]
    if name in tables.JOINERS:
        return [_list_of_arrays(site, arguments[0]), *rest]
    return [*(site.array(argument) for argument in arguments[:1]), *rest]


def _list_of_arrays(site: CallSite, node: ast.expr) -> ast.expr:
    if isinstance(node, ast.List | ast.Tuple):
        return ast.List([site.array(item) for item in node.elts])
    return site.plain(node)


def _keywords(site: CallSite) -> list[ast.keyword]:
    keywords = []
    for keyword in site.node.keywords:
        name = tables.RENAMED_KEYWORDS.get(keyword.arg or "", keyword.arg)
        if name == "dtype":
            value = _dtype(site, keyword.value)
        elif name in _ARRAY_KEYWORDS:
            value = site.array(keyword.value)
        else:
            value = site.plain(keyword.value)
        keywords.append(ast.keyword(name, value))
    return keywords


def _setting(site: CallSite, node: ast.expr) -> ast.expr:
    """A plain argument; a dtype among them may go by its name."""
    names = {*tables.CASTS, *tables.CASTS.values()}
    is_dtype = isinstance(node, ast.Constant) and node.value in names
    return _dtype(site, node) if is_dtype else site.plain(node)


def _dtype(site: CallSite, node: ast.expr) -> ast.expr:
    """`float`, `int` or `bool`: jax takes the width that it runs with."""
    name = node.value if isinstance(node, ast.Constant) else ""
    for target in site.out.run.fact(node).targets:
        name = str(target).removeprefix("numpy.")
    return ast.Name(tables.CASTS.get(str(name), str(name)))


def _cast_array(site: CallSite, node: ast.expr, dtype: str) -> ast.expr:
    value = site.array(node)
    fact = site.out.run.fact(node)
    if dtype == "float" and fact.kind == "f" and fact.traced and not fact.known:
        return value
    return make_call(site.out.jnp("asarray"), value, ast.Name(dtype))


def _masked_reduction(site: CallSite, name: str, owner: ast.expr, rest: list[ast.expr]) -> ast.expr:
    """`np.sum(a[mask])`: the whole array, with the mask as `where=`."""
    function = tables.MASKABLE_REDUCTIONS[name]
    keywords = {"where": site.mask(owner)}
    if function in ("max", "min"):
        infinity = site.out.jnp("inf")
        keywords["initial"] = infinity if function == "min" else ast.UnaryOp(ast.USub(), infinity)
    call = make_call(
        site.out.jnp(function),
        site.array(owner),
        *(site.plain(argument) for argument in rest),
        **keywords,
    )
    call.keywords += _keywords(site)
    return call


# Math


def _math(site: CallSite, name: str) -> ast.expr:
    if not site.is_traced():
        site.out.modules.add("math")
        return _as_written(site, dotted_name(f"math.{name}"))
    # math calculates with floats, also from booleans and integers.
    arguments = [_as_float(site, argument) for argument in site.node.args]
    if name == "log" and len(arguments) == 2:
        logarithms = [make_call(site.out.jnp("log"), argument) for argument in arguments]
        return ast.BinOp(logarithms[0], ast.Div(), logarithms[1])
    result = make_call(site.out.jnp(tables.MATH_FUNCTIONS[name]), *arguments)
    if name in ("floor", "ceil", "trunc"):
        return make_call(site.out.helper("as_int"), result)
    return result


def _as_float(site: CallSite, node: ast.expr) -> ast.expr:
    fact = site.out.run.fact(node)
    if fact.traced and "b" in fact.kinds:
        return make_call(site.out.jnp("asarray"), site.plain(node), ast.Name("float"))
    return site.plain(node)


# Methods


def _method(site: CallSite) -> ast.expr:
    function = site.node.func
    assert isinstance(function, ast.Attribute)
    owner, name = function.value, function.attr
    fact = site.out.run.fact(owner)
    if fact.container:
        return _as_written(site, ast.Attribute(site.plain(owner), name))
    if fact.masked and name in tables.MASKABLE_REDUCTIONS:
        return _masked_reduction(site, name, owner, site.node.args)
    value = site.plain(owner)
    if name == "copy":
        return value  # jax arrays never change
    if name == "item":
        shape = ast.Tuple([])
        return value if fact.scalar else make_call(ast.Attribute(value, "reshape"), shape)
    if name == "tolist":
        return value if fact.scalar else make_call(ast.Name("list"), value)
    if name == "astype":
        return make_call(ast.Attribute(value, name), _dtype(site, site.node.args[0]))
    convert = site.array if name == "dot" else site.plain
    arguments = [convert(argument) for argument in site.node.args]
    return ast.Call(ast.Attribute(value, name), arguments, _keywords(site))


# Python's own functions, with a result that depends on traced values


def _abs(site: CallSite) -> ast.expr:
    return make_call(site.out.jnp("abs"), _number(site, site.node.args[0]))


def _number(site: CallSite, node: ast.expr) -> ast.expr:
    """An argument for arithmetic, where Python's booleans count as 0 and 1."""
    fact = site.out.run.fact(node)
    if PYTHON_BOOL in fact.bools and fact.kinds != {"b"} and "b" in fact.kinds:
        raise open_sort(node)
    if fact.traced and fact.kind == "b" and fact.python:
        return make_call(site.out.helper("as_int"), site.plain(node))
    return site.array(node)


def _extreme(site: CallSite) -> ast.expr:
    assert isinstance(site.node.func, ast.Name)
    helper = site.out.helper(f"python_{site.node.func.id}")
    return make_call(helper, *(site.plain(argument) for argument in site.node.args))


def _sum(site: CallSite) -> ast.expr:
    items, *start = [*site.node.args, *(keyword.value for keyword in site.node.keywords)]
    fact = site.out.run.fact(items)
    if fact.container:
        return make_call(ast.Name("sum"), site.plain(items), *(site.plain(s) for s in start))
    total: ast.expr = make_call(site.out.jnp("sum"), site.plain(items), axis=ast.Constant(0))
    return ast.BinOp(site.plain(start[0]), ast.Add(), total) if start else total


def _any_all(site: CallSite) -> ast.expr:
    assert isinstance(site.node.func, ast.Name)
    (items,) = site.node.args
    name = site.node.func.id
    if site.out.run.fact(items).container:
        listed = site.plain(items)
        if isinstance(listed, ast.GeneratorExp):
            listed = ast.ListComp(listed.elt, listed.generators)
        return make_call(site.out.helper(f"{name}_of"), listed)
    return make_call(site.out.jnp(name), site.plain(items))


def _round(site: CallSite) -> ast.expr:
    arguments = [*site.node.args, *(keyword.value for keyword in site.node.keywords)]
    digits = [a for a in arguments[1:] if site.out.run.fact(a).constants != [None]]
    value = _number(site, arguments[0])
    rounded = make_call(site.out.jnp("round"), value, *(site.plain(d) for d in digits))
    return rounded if digits else make_call(site.out.helper("as_int"), rounded)


def _float(site: CallSite) -> ast.expr:
    return _cast_array(site, site.node.args[0], "float")


def _int(site: CallSite) -> ast.expr:
    return make_call(site.out.helper("as_int"), site.plain(site.node.args[0]))


def _len(site: CallSite) -> ast.expr:
    return make_call(site.out.jnp("sum"), site.mask(site.node.args[0]))


def _reversed(site: CallSite) -> ast.expr:
    value = site.plain(site.node.args[0])
    return make_call(ast.Name("reversed"), make_call(ast.Name("list"), value))


def _isinstance(site: CallSite) -> ast.expr:
    """Decided while tracing: the translated value is of another type than the original."""
    constants = site.out.run.fact(site.node).constants
    if len(constants) != 1:
        raise fail(site.node, "varying-type", "the type varies from call to call")
    return ast.Constant(bool(constants[0]))


_BUILTINS: dict[str, Callable[[CallSite], ast.expr]] = {
    "abs": _abs,
    "max": _extreme,
    "min": _extreme,
    "sum": _sum,
    "any": _any_all,
    "all": _any_all,
    "round": _round,
    "float": _float,
    "int": _int,
    "bool": lambda site: site.truth(site.node.args[0]),
    "len": _len,
}
_KNOWN_BUILTINS: dict[str, Callable[[CallSite], ast.expr]] = {
    "reversed": _reversed,
    "isinstance": _isinstance,
}
