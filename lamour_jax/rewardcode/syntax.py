"""Which syntax may stand in reward code, and what to say about the rest."""

from __future__ import annotations

import ast

PLAIN_NODES = (
    # statements
    ast.Module, ast.FunctionDef, ast.Return, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.For,
    ast.While, ast.If, ast.Expr, ast.Pass, ast.Break, ast.Continue, ast.Raise, ast.Assert, ast.Try,
    ast.ExceptHandler, ast.With, ast.withitem, ast.Import, ast.ImportFrom,
    # expressions
    ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Lambda, ast.IfExp, ast.Dict, ast.List, ast.Tuple,
    ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.comprehension, ast.Compare, ast.Call,
    ast.Constant, ast.Attribute, ast.Subscript, ast.Slice, ast.Name, ast.keyword,
    ast.arguments, ast.arg,
    # leaves
    ast.Load, ast.Store, ast.And, ast.Or, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv,
    ast.Mod, ast.Pow, ast.MatMult, ast.BitAnd, ast.BitOr, ast.BitXor, ast.Invert, ast.Not,
    ast.UAdd, ast.USub, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot,
    ast.In, ast.NotIn,
)  # fmt: skip

REFUSED_NODES: dict[type[ast.AST], tuple[str, str]] = {
    ast.ClassDef: ("a class", "use functions"),
    ast.Global: ("global", "pass the value as an argument and return it"),
    ast.Nonlocal: ("nonlocal", "pass the value as an argument and return it"),
    ast.Yield: ("yield", "return a list"),
    ast.YieldFrom: ("yield from", "return a list"),
    ast.Await: ("await", "a reward waits for nothing"),
    ast.AsyncFunctionDef: ("an async function", "write a plain def"),
    ast.AsyncFor: ("async for", "write a plain for"),
    ast.AsyncWith: ("async with", "a reward needs no context"),
    ast.Starred: ("a star argument", "write the arguments out"),
    ast.JoinedStr: ("string formatting", "a reward needs numbers only"),
    ast.FormattedValue: ("string formatting", "a reward needs numbers only"),
    ast.NamedExpr: ("an assignment inside an expression (:=)", "assign on a line of its own"),
    ast.Delete: ("del", "leave the name alone"),
    ast.Match: ("match", "use if and elif"),
    ast.TryStar: ("except*", "use if and else"),
    ast.Set: ("a set", "use a tuple"),
    ast.SetComp: ("a set", "use a list"),
    ast.LShift: ("a bit shift", "multiply by a power of two"),
    ast.RShift: ("a bit shift", "divide by a power of two"),
}

# Annotations are dropped unread, and may only name types.
ANNOTATION_NODES = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Tuple, ast.List, ast.BinOp, ast.BitOr,
    ast.Load,
)  # fmt: skip
