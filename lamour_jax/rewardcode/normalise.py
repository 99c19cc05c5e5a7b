"""Takes off what means nothing to a reward: imports, annotations, docstrings, print, logging.

What is left still is the original program, statement for statement and line for line: it is what
the sandbox runs and what the translation is compared with.
"""

from __future__ import annotations

import ast
import copy

from .names import is_main_block, is_talk, module_bindings, silent_names


def normalise(tree: ast.Module) -> ast.Module:
    """A copy of a checked tree without the parts that have no effect on numbers."""
    stripper = _Stripper(silent_names(tree), module_bindings(tree))
    return ast.fix_missing_locations(stripper.visit(copy.deepcopy(tree)))


class _Stripper(ast.NodeTransformer):
    def __init__(self, silent: set[str], bindings: dict[str, str]):
        self.silent = silent
        self.bindings = bindings

    def visit_Import(self, node: ast.Import) -> None:
        return None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        return None

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        if isinstance(node.value, ast.Constant) or is_talk(node.value, self.silent):
            return None
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign | None:
        return None if is_talk(node.value, self.silent) else node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.Assign | None:
        if node.value is None:
            return None
        return ast.copy_location(ast.Assign([node.target], node.value), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.returns = None
        node.body = node.body or [_pass(node)]
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_If(self, node: ast.If) -> ast.If | None:
        if is_main_block(node):
            return None
        self.generic_visit(node)
        node.body = node.body or [_pass(node)]
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        self.generic_visit(node)
        node.body = node.body or [_pass(node)]
        return node

    def visit_While(self, node: ast.While) -> ast.While:
        self.generic_visit(node)
        node.body = node.body or [_pass(node)]
        return node

    def visit_Try(self, node: ast.Try) -> ast.Try:
        self.generic_visit(node)
        node.body = node.body or [_pass(node)]
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.ExceptHandler:
        self.generic_visit(node)
        node.body = node.body or [_pass(node)]
        return node

    def visit_With(self, node: ast.With) -> list[ast.stmt]:
        # The allow-list lets np.errstate through only; nobody listens to its warnings here.
        self.generic_visit(node)
        return node.body

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        exception = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return ast.copy_location(ast.Raise(exception, None), node)

    def visit_Assert(self, node: ast.Assert) -> ast.Assert:
        return ast.copy_location(ast.Assert(node.test, None), node)


def _pass(node: ast.AST) -> ast.Pass:
    return ast.copy_location(ast.Pass(), node)
