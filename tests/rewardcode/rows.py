"""Which rows of the table of constructs (docs/reward-code.md) a program uses, and how deeply."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

Test = Callable[[ast.AST], bool]
_NESTING = (
    ast.If, ast.For, ast.While, ast.Try, ast.With, ast.IfExp, ast.Lambda, ast.FunctionDef,
    ast.ListComp, ast.GeneratorExp, ast.DictComp,
)  # fmt: skip


def is_a(*kinds: type) -> Test:
    return lambda node: isinstance(node, kinds)


def calls(*names: str) -> Test:
    def test(node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
        )

    return test


def attribute(*names: str, of: tuple[str, ...] = ()) -> Test:
    """`.name`, or any attribute of a module."""

    def test(node: ast.AST) -> bool:
        if not isinstance(node, ast.Attribute):
            return False
        owner = ast.unparse(node.value).partition(".")[0]
        return (owner in of and (not names or node.attr in names)) if of else node.attr in names

    return test


def compares(*operators: type[ast.cmpop]) -> Test:
    return lambda node: isinstance(node, ast.Compare) and isinstance(node.ops[0], operators)


def _is_mask(node: ast.AST) -> bool:
    return isinstance(node, ast.Subscript) and any(
        isinstance(part, ast.Compare) for part in ast.walk(node.slice)
    )


def _writes_mask(node: ast.AST) -> bool:
    return _is_mask(node) and isinstance(node.ctx, ast.Store)  # type: ignore[attr-defined]


def _reduces_mask(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and any(_is_mask(part) for part in ast.walk(node))


def _takes_list(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and attribute(of=("np",))(node.func)
        and any(isinstance(argument, ast.List | ast.Tuple) for argument in node.args)
    )


def _sets_item(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)


def _adds_to_item(node: ast.AST) -> bool:
    return isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Subscript)


def _returns_early(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and any(isinstance(part, ast.Return) for part in node.body)


def _has_elif(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)


def _has_keyword(*names: str) -> Test:
    return lambda node: isinstance(node, ast.keyword) and node.arg in names


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _loops_over(*names: str) -> Test:
    return lambda node: isinstance(node, ast.For) and calls(*names)(node.iter)


# Rows that can stand anywhere, and so have to be met three levels deep as well.
ROWS: dict[str, Test] = {
    "if": is_a(ast.If),
    "elif": _has_elif,
    "ternary": is_a(ast.IfExp),
    "early return": _returns_early,
    "and": is_a(ast.And),
    "or": is_a(ast.Or),
    "not": is_a(ast.Not),
    "a < b < c": lambda node: isinstance(node, ast.Compare) and len(node.ops) > 1,
    "in a list": compares(ast.In, ast.NotIn),
    "max and min": calls("max", "min"),
    **{name: calls(name) for name in ("abs", "sum", "len", "round", "float", "int", "bool")},
    "any and all": calls("any", "all"),
    "math": attribute(of=("math",)),
    "NumPy": attribute(of=("np",)),
    "types of NumPy": attribute("float64", "float32", "int32", "bool_", of=("np",)),
    "np.clip with a_min": _has_keyword("a_min", "a_max"),
    "lists given to array functions": _takes_list,
    "for over range": _loops_over("range"),
    "for over zip and enumerate": _loops_over("zip", "enumerate"),
    "while": is_a(ast.While),
    "comprehension": is_a(ast.ListComp, ast.GeneratorExp, ast.DictComp),
    "break": is_a(ast.Break),
    "continue": is_a(ast.Continue),
    "x += v": is_a(ast.AugAssign),
    "a[i] = v": _sets_item,
    "a[i] += v": _adds_to_item,
    "a[mask] = v": _writes_mask,
    "reduction of a[mask]": _reduces_mask,
    "tuple": is_a(ast.Tuple),
    "list": is_a(ast.List),
    "method": attribute("copy", "sum", "mean", "min", "max", "dot", "reshape", "astype"),
    "item and tolist": attribute("item", "tolist"),
    "shape and its like": attribute("T", "shape", "size", "ndim"),
    "isinstance": calls("isinstance"),
    "isnan and isfinite": attribute("isnan", "isfinite"),
    "nan_to_num": attribute("nan_to_num"),
    "raise": is_a(ast.Raise),
    "print": calls("print"),
    "errstate": attribute("errstate"),
    "annotation": is_a(ast.AnnAssign),
    "docstring": _is_docstring,
}
# Rows that stand at the top of a function or a module.
TOP_ROWS: dict[str, Test] = {
    "import": is_a(ast.Import),
    "from import": is_a(ast.ImportFrom),
    "argument with an annotation": lambda n: isinstance(n, ast.arg) and n.annotation is not None,
    "dict": is_a(ast.Dict),
    "try": is_a(ast.Try),
    "assert": is_a(ast.Assert),
    "logging": attribute("info", "debug"),
    "lambda": is_a(ast.Lambda),
    "index that depends on data": attribute("argmax", "argsort"),
}


def depths(tree: ast.AST, depth: int = -1) -> Iterator[tuple[ast.AST, int]]:
    """Every node with the number of constructs it stands in; the first function is none."""
    yield tree, max(depth, 0)
    inside = depth + isinstance(tree, _NESTING)
    for child in ast.iter_child_nodes(tree):
        yield from depths(child, inside)


def rows_of(tree: ast.AST) -> dict[str, int]:
    """The rows that a program uses, with the deepest place."""
    found: dict[str, int] = {}
    for node, depth in depths(tree):
        for name, test in (ROWS | TOP_ROWS).items():
            if test(node):
                found[name] = max(depth, found.get(name, 0))
    return found
