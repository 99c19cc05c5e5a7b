"""Rewrites `break`, `continue`, `return` inside loops, `try`, `assert`, `+=` and `a = b = c`
to plainer Python.

A loop is unrolled while tracing, so leaving it early on a condition that depends on the state needs
a flag:

    for x in xs:                    stop_1 = False
        if x > 1:                   for x in xs:
            break                       if not stop_1:
        total += x            ->            if x > 1:
                                                stop_1 = True
                                            if not stop_1:
                                                total += x

The result means the same as the original in Python too; the translator then needs to know about
`if` and a final `return` only.
"""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass
from typing import TypeVar

from .findings import Finding, finding_at

_Node = TypeVar("_Node", bound=ast.stmt)

# Marks `x = x + y` that was written as `x += y`, which changes an array in place.
IN_PLACE = "in place"


_FLAGS = ("stop", "skip", "done", "result", "item")


def desugar(tree: ast.Module) -> tuple[ast.Module, list[Finding]]:
    """The rewritten copy of a normalised tree, and warnings about what was left out."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    rewriter = _Rewriter(tree, names)
    rewritten = rewriter.visit(copy.deepcopy(tree))
    return ast.fix_missing_locations(rewritten), rewriter.warnings


@dataclass
class _Loop:
    """The flags of one loop; a name is set once the loop needs the flag."""

    suffix: str
    stop: str | None = None
    skip: str | None = None
    done: str | None = None
    result: ast.expr | None = None  # what a `return` inside gives, for its structure

    def flags(self) -> list[str]:
        return [flag for flag in (self.stop, self.skip) if flag is not None]


class _Rewriter(ast.NodeTransformer):
    def __init__(self, tree: ast.Module, names: set[str]) -> None:
        self.tree = tree
        self.names = names  # that the source uses already
        self.warnings: list[Finding] = []

    def _fresh(self, wish: str) -> str:
        while wish in self.names:
            wish += "_"
        return wish

    def _loop(self, node: ast.For | ast.While) -> _Loop:
        suffix = str(node.lineno)
        while any(f"{flag}_{suffix}" in self.names for flag in _FLAGS):
            suffix += "_"
        return _Loop(suffix)

    def visit_Try(self, node: ast.Try) -> list[ast.stmt]:
        self.warnings.append(
            finding_at(
                node,
                "try-dropped",
                "the body of try is kept, its handlers are left out",
                "guard with np.isfinite or np.where",
                "warning",
            )
        )
        self.generic_visit(node)
        return node.body + node.orelse + node.finalbody

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        first, *others = node.targets
        if not others:
            return [node]
        kept = first.id if isinstance(first, ast.Name) else self._fresh(f"value_{node.lineno}")
        targets = others if isinstance(first, ast.Name) else node.targets
        copies = [_set_target(target, ast.Name(kept, ast.Load()), node) for target in targets]
        return [_set(kept, node.value, node), *copies]

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.Assign:
        old = copy.deepcopy(node.target)
        old.ctx = ast.Load()
        value = ast.copy_location(ast.BinOp(old, node.op, node.value), node)
        return _at(ast.Assign([node.target], value, type_comment=IN_PLACE), node)

    def visit_Assert(self, node: ast.Assert) -> ast.If:
        negated = ast.UnaryOp(ast.Not(), node.test)
        exception = ast.Name("AssertionError", ast.Load())
        return _at(ast.If(negated, [_at(ast.Raise(exception, None), node)], []), node)

    def visit_For(self, node: ast.For) -> list[ast.stmt]:
        self.generic_visit(node)
        loop = self._loop(node)
        body = _rewrite_block(node.body, loop)
        if loop.stop is not None:
            body = self._keep_target(node, loop) + body
            body = [_at(ast.If(_negate([loop.stop]), body, []), node)]
        node.body = _reset_skip(loop, node) + body
        return [*_start(loop, node), node, *_finish(loop, node)]

    def _keep_target(self, node: ast.For, loop: _Loop) -> list[ast.stmt]:
        """The loop's variable stays what it was at the break, if anybody looks at it later."""
        targets = {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
        inside = sum(n.id in targets for n in _loads(node))
        if inside == sum(n.id in targets for n in _loads(self.tree)):
            return []
        item = f"item_{loop.suffix}"
        kept = _set_target(node.target, ast.Name(item, ast.Load()), node)
        node.target = ast.Name(item, ast.Store())
        return [kept]

    def visit_While(self, node: ast.While) -> list[ast.stmt]:
        self.generic_visit(node)
        loop = self._loop(node)
        body = _rewrite_block(node.body, loop)
        node.body = _reset_skip(loop, node) + body
        if loop.stop is not None:
            node.test = ast.BoolOp(ast.And(), [_negate([loop.stop]), node.test])
        return [*_start(loop, node), node, *_finish(loop, node)]


def _rewrite_block(block: list[ast.stmt], loop: _Loop) -> list[ast.stmt]:
    """Statements of a loop's body, with the rest after a possible escape guarded by the flags."""
    for index, statement in enumerate(block):
        if isinstance(statement, ast.Break | ast.Continue | ast.Return):
            return block[:index] + _escape(statement, loop)
        if isinstance(statement, ast.If) and _escapes(statement):
            statement.body = _rewrite_block(statement.body, loop)
            statement.orelse = _rewrite_block(statement.orelse, loop)
            rest = _rewrite_block(block[index + 1 :], loop)
            guarded = [_at(ast.If(_negate(loop.flags()), rest, []), rest[0])] if rest else []
            return block[: index + 1] + guarded
    return block


def _escape(statement: ast.Break | ast.Continue | ast.Return, loop: _Loop) -> list[ast.stmt]:
    if isinstance(statement, ast.Continue):
        loop.skip = f"skip_{loop.suffix}"
        return [_set(loop.skip, ast.Constant(True), statement)]
    loop.stop = f"stop_{loop.suffix}"
    leave = [_set(loop.stop, ast.Constant(True), statement)]
    if isinstance(statement, ast.Break):
        return leave
    loop.done = f"done_{loop.suffix}"
    loop.result = statement.value or ast.Constant(None)
    return [
        _set(f"result_{loop.suffix}", loop.result, statement),
        _set(loop.done, ast.Constant(True), statement),
        *leave,
    ]


def _escapes(node: ast.AST) -> bool:
    """Does a statement leave the loop it stands in? Inner loops have been rewritten already."""
    if isinstance(node, ast.Break | ast.Continue | ast.Return):
        return True
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        return False
    return any(_escapes(child) for child in ast.iter_child_nodes(node))


def _start(loop: _Loop, node: ast.stmt) -> list[ast.stmt]:
    flags = [flag for flag in (loop.stop, loop.done) if flag is not None]
    statements = [_set(flag, ast.Constant(False), node) for flag in flags]
    if loop.result is not None:
        statements.append(_set(f"result_{loop.suffix}", _blank(loop.result), node))
    return statements


def _reset_skip(loop: _Loop, node: ast.stmt) -> list[ast.stmt]:
    return [] if loop.skip is None else [_set(loop.skip, ast.Constant(False), node)]


def _finish(loop: _Loop, node: ast.stmt) -> list[ast.stmt]:
    if loop.done is None:
        return []
    result = ast.Name(f"result_{loop.suffix}", ast.Load())
    return [_at(ast.If(ast.Name(loop.done, ast.Load()), [_at(ast.Return(result), node)], []), node)]


def _blank(result: ast.expr) -> ast.expr:
    """Zeros in the structure of a returned expression: the value before anything is returned."""
    if isinstance(result, ast.Tuple | ast.List):
        return type(result)([_blank(element) for element in result.elts], ast.Load())
    return ast.Constant(0)


def _negate(flags: list[str]) -> ast.expr:
    names: list[ast.expr] = [ast.Name(flag, ast.Load()) for flag in flags]
    return ast.UnaryOp(ast.Not(), names[0] if len(names) == 1 else ast.BoolOp(ast.Or(), names))


def _set(name: str, value: ast.expr, node: ast.stmt) -> ast.stmt:
    return _set_target(ast.Name(name, ast.Store()), value, node)


def _set_target(target: ast.expr, value: ast.expr, node: ast.stmt) -> ast.stmt:
    return _at(ast.Assign([target], value), node)


def _loads(tree: ast.AST) -> list[ast.Name]:
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return [name for name in names if isinstance(name.ctx, ast.Load)]


def _at(new: _Node, old: ast.stmt) -> _Node:
    return ast.copy_location(new, old)
