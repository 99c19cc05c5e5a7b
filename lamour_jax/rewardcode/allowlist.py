"""What may stand in reward code at all. Fails closed: what is not listed is refused.

Runs on the syntax tree as parsed, before anything is translated or executed, and finds every fault
at once.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from . import tables
from .extract import REQUIRED
from .findings import Finding, RewardCodeError, fail_whole, finding_at
from .names import (
    dotted,
    is_main_block,
    is_talk,
    math_has,
    module_bindings,
    numpy_has,
    silent_names,
)
from .syntax import ANNOTATION_NODES, PLAIN_NODES, REFUSED_NODES


def check_allowlist(tree: ast.Module) -> None:
    """Raise RewardCodeError with every node, name and attribute that is not allowed."""
    checker = _Checker(tree)
    checker.visit(tree)
    findings = checker.findings + _check_signatures(tree)
    if findings:
        raise RewardCodeError(sorted(findings, key=lambda finding: (finding.line, finding.column)))


class _Checker(ast.NodeVisitor):
    """Collects findings; `generic_visit` is the gate that every node passes."""

    def __init__(self, tree: ast.Module):
        self.findings: list[Finding] = []
        self.bindings = module_bindings(tree)
        self.bound = set(_bound_names(tree))
        self.silent = silent_names(tree)
        self._place: ast.AST = tree  # the last node with a line: operators have none
        self._talking = 0  # inside print, raise or assert, where text may be formatted
        self._handling = 0  # where exceptions may be named

    def refuse(self, node: ast.AST, rule: str, message: str, hint: str = "") -> None:
        place = node if hasattr(node, "lineno") else self._place
        self.findings.append(finding_at(place, rule, message, hint))

    def visit(self, node: ast.AST) -> None:
        if hasattr(node, "lineno"):
            self._place = node
        super().visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        kind = type(node)
        formatting = kind in (ast.JoinedStr, ast.FormattedValue)
        if kind not in PLAIN_NODES and not (formatting and self._talking):
            what, hint = REFUSED_NODES.get(kind, (f"{kind.__name__}", "write it more simply"))
            rule = "string-formatting" if formatting else "forbidden-syntax"
            self.refuse(node, rule, f"{what} is not allowed", hint)
            return
        super().generic_visit(node)

    # Names and attributes

    def visit_Name(self, node: ast.Name) -> None:
        name = node.id
        if self._is_hidden(name):
            if not (name == "__name__" and self._talking):
                self.refuse(node, "underscore", f"the name {name} starts with an underscore")
        elif isinstance(node.ctx, ast.Store):
            self._check_bound(node, name)
        elif name in self.bound or name in self.bindings or name in tables.BUILTINS:
            return
        elif not (self._handling and name in tables.EXCEPTIONS):
            self._refuse_name(node, name)

    def _is_hidden(self, name: str) -> bool:
        """Dunder names lead to the interpreter's insides. A single underscore marks a helper as
        private, which models do often: harmless where the source itself defines the name."""
        return name.startswith("__") or (
            name.startswith("_") and name != "_" and name not in self.bound
        )

    def _check_bound(self, node: ast.AST, name: str) -> None:
        if self._is_hidden(name):
            self.refuse(node, "underscore", f"the name {name} starts with an underscore")
        elif name in self.bindings:
            self.refuse(node, "rebound-name", f"{name} stands for a module here", "rename it")

    def _refuse_name(self, node: ast.AST, name: str) -> None:
        if name in tables.FORBIDDEN_NAMES:
            self.refuse(node, "forbidden-name", f"{name} {tables.FORBIDDEN_NAMES[name]}")
        else:
            self.refuse(node, "unknown-name", f"{name} is not defined, or not allowed")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        path = dotted(node, self.bindings)
        if node.attr.startswith("_"):
            self.refuse(node, "underscore", f"the attribute {node.attr} starts with an underscore")
        elif path is not None:
            self._check_module_path(node, path)
            return
        elif node.attr not in (
            *tables.ARRAY_METHODS, *tables.ARRAY_PROPERTIES, *tables.CONTAINER_METHODS
        ):  # fmt: skip
            rule = "string-formatting" if node.attr == "format" else "unknown-attribute"
            if not (self._talking and node.attr == "format"):
                self.refuse(node, rule, f"the attribute .{node.attr} is not allowed")
        self.visit(node.value)

    def _check_module_path(self, node: ast.Attribute, path: str) -> None:
        module, _, rest = path.partition(".")
        if (module == "math" and math_has(rest)) or (module == "numpy" and numpy_has(rest)):
            return
        if rest.startswith("random"):
            self.refuse(node, "random", "np.random: a reward must not depend on chance")
            return
        twin = rest.split(".")[-1]
        hint = f"write np.{twin}" if module == "math" and numpy_has(twin) else ""
        self.refuse(node, "unknown-function", f"{ast.unparse(node)} is not allowed", hint)

    # Statements

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            allowed = alias.name in tables.NUMBER_MODULES or alias.name in tables.SILENT_MODULES
            if not allowed or (alias.name == "numpy.linalg" and not alias.asname):
                self._refuse_import(node, alias.name)
            elif alias.asname:
                self._check_asname(node, alias)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        has = {"numpy": numpy_has, "math": math_has}.get(module.split(".")[0])
        prefix = "linalg." if module == "numpy.linalg" else ""
        if node.level or module not in (*tables.NUMBER_MODULES, *tables.SILENT_MODULES):
            self._refuse_import(node, "." * node.level + module)
            return
        for alias in node.names:
            if has is not None and not has(prefix + alias.name):
                self._refuse_import(node, f"{module}.{alias.name}")
            self._check_asname(node, alias)

    def _check_asname(self, node: ast.AST, alias: ast.alias) -> None:
        name = alias.asname or alias.name
        if name.startswith("_"):
            self.refuse(node, "underscore", f"the name {name} starts with an underscore")

    def _refuse_import(self, node: ast.AST, name: str) -> None:
        self.refuse(
            node, "import", f"import of {name} is not allowed", "only numpy and math are at hand"
        )

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for decorator in node.decorator_list:
            self.refuse(decorator, "forbidden-syntax", "a decorator is not allowed", "leave it off")
        self._check_bound(node, node.name)
        _check_annotation(self, node.returns)
        self.visit(node.args)
        for statement in node.body:
            self.visit(statement)

    def visit_arguments(self, node: ast.arguments) -> None:
        for star in (node.vararg, node.kwarg):
            if star is not None:
                self.refuse(
                    star, "forbidden-syntax", "a star argument is not allowed", "write them out"
                )
        for argument in (*node.posonlyargs, *node.args, *node.kwonlyargs):
            self._check_bound(argument, argument.arg)
            _check_annotation(self, argument.annotation)
        for default in (*node.defaults, *filter(None, node.kw_defaults)):
            self.visit(default)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        _check_annotation(self, node.annotation)
        self.visit(node.target)
        if node.value is not None:
            self.visit(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._visit_handling(filter(None, (node.exc, node.cause)))

    def visit_Assert(self, node: ast.Assert) -> None:
        self.visit(node.test)
        if node.msg is not None:
            self._visit_handling([node.msg])

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self._visit_handling([node.type])
        if node.name is not None:
            self._check_bound(node, node.name)
        for statement in node.body:
            self.visit(statement)

    def _visit_handling(self, nodes: Iterable[ast.AST]) -> None:
        self._handling += 1
        self._talking += 1
        for node in nodes:
            self.visit(node)
        self._handling -= 1
        self._talking -= 1

    def visit_If(self, node: ast.If) -> None:
        if not is_main_block(node):  # dropped whole, so it may hold anything that parses
            self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self._check_loop(node)

    def visit_While(self, node: ast.While) -> None:
        self._check_loop(node)

    def _check_loop(self, node: ast.For | ast.While) -> None:
        if node.orelse:
            self.refuse(
                node.orelse[0], "forbidden-syntax", "else after a loop is not allowed", "use a flag"
            )
        self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            call = item.context_expr
            path = dotted(call.func, self.bindings) if isinstance(call, ast.Call) else None
            if path != "numpy.errstate" or item.optional_vars is not None:
                self.refuse(node, "forbidden-syntax", "with is not allowed", "leave it off")
            else:  # dropped like print, and looked at all the same
                self._visit_talk(call)
        for statement in node.body:
            self.visit(statement)

    # Expressions with rules of their own

    def visit_Expr(self, node: ast.Expr) -> None:
        if is_talk(node.value, self.silent):
            self._visit_talk(node.value)
        else:
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if is_talk(node.value, self.silent):  # logger = logging.getLogger(...)
            self._visit_talk(node.value)
        else:
            self.generic_visit(node)

    def _visit_talk(self, call: ast.expr) -> None:
        """What a dropped call says is never evaluated; it is looked at all the same."""
        assert isinstance(call, ast.Call)
        self._talking += 1
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            self.visit(argument)
        self._talking -= 1

    def visit_Call(self, node: ast.Call) -> None:
        self.visit(node.func)
        for argument in node.args:
            self.visit(argument)
        local = isinstance(node.func, ast.Name) and node.func.id in self.bound
        for keyword in node.keywords:
            self._check_keyword(node, keyword, local)
            self.visit(keyword.value)

    def _check_keyword(self, node: ast.Call, keyword: ast.keyword, local: bool) -> None:
        if keyword.arg is None:
            self.refuse(node, "forbidden-syntax", "a star argument is not allowed", "write it out")
        elif keyword.arg == "out":
            self.refuse(node, "out-argument", "out= writes into an array", "use the result instead")
        elif keyword.arg.startswith("_") or (not local and keyword.arg not in tables.KEYWORDS):
            self.refuse(node, "unknown-keyword", f"the keyword {keyword.arg}= is not allowed")

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bytes | complex):
            self.refuse(node, "forbidden-syntax", f"{node.value!r} is not a real number")

    def visit_BinOp(self, node: ast.BinOp) -> None:
        text = isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
        if text and isinstance(node.op, ast.Mod) and not self._talking:
            self.refuse(
                node, "string-formatting", "string formatting is not allowed", "leave it off"
            )
        self.generic_visit(node)


def _check_annotation(checker: _Checker, node: ast.expr | None) -> None:
    """Annotations are dropped unread; what cannot be one is refused all the same."""
    for part in ast.walk(node) if node is not None else ():
        if not isinstance(part, ANNOTATION_NODES):
            checker.refuse(part, "annotation", "an annotation may only name types")


def _bound_names(tree: ast.Module) -> Iterable[str]:
    """Every name that the source itself gives a meaning, wherever it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.ExceptHandler) and node.name is not None:
            yield node.name


def _check_signatures(tree: ast.Module) -> list[Finding]:
    """Both functions once, with one and two arguments."""
    findings = []
    for name, count in zip(REQUIRED, (1, 2), strict=True):
        found = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name]
        if not found:
            raise fail_whole("missing-function", f"{name} is not defined")
        for function in found[:1] if len(found) == 1 else found[1:]:
            if len(found) > 1:
                findings.append(finding_at(function, "defined-twice", f"{name} is defined twice"))
            arguments = function.args
            required = len(arguments.posonlyargs + arguments.args) - len(arguments.defaults)
            if required != count or any(default is None for default in arguments.kw_defaults):
                wanted = "(state)" if count == 1 else "(state, action)"
                findings.append(
                    finding_at(function, "wrong-arguments", f"{name} takes {wanted} and no more")
                )
    return findings
