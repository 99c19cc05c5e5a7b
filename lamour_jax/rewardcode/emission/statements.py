"""Statements and functions of reward code as jnp source.

    if fallen:                          when_3 = fallen
        return -1.0          ->         height_else = ...
    height = ...                        return jnp.where(when_3, -1.0, ...)

Both sides of a traced condition are written out one after the other, each into names of its own
(`height_then`, `height_else`); one `where` a variable selects afterwards. A return on a traced
condition is remembered with its condition; the end of the function selects the first one taken.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from ..analysis.facts import MERGE_ARRAY, MERGE_UNDEFINED
from ..analysis.statements import WRITING_METHODS, contains_return
from ..desugar import IN_PLACE
from ..findings import fail
from ..limits import MAX_LINE_NODES
from .expressions import (
    as_array,
    conjunction,
    express,
    express_arguments,
    express_index,
    express_target,
    mask_of,
    negate,
    note_captured,
    truth,
)
from .flow import continues, size, stored_names, unparse, written_containers
from .writer import Output, Scope, make_call


@dataclass
class FunctionBody:
    """The statements of one function (or of the module), while they are translated."""

    out: Output
    node: ast.FunctionDef | ast.Module
    returns: list[tuple[ast.expr, ast.expr]] = field(default_factory=list)  # condition, value
    returns_tree: bool = False  # tuples or dicts are returned, not numbers

    def write(self, statements: list[ast.stmt], scope: Scope) -> None:
        """Translate statements up to the first that ends every path."""
        for statement in statements:
            _STATEMENTS[type(statement)](self, statement, scope)
            if not continues([statement], self.out):
                return

    def line(self, node: ast.AST, expression: ast.AST) -> None:
        """Write one line of code."""
        if size(expression, {}) > MAX_LINE_NODES:
            raise fail(node, "too-deep", "the line becomes too long", "split it into several lines")
        self.out.writer.line(unparse(expression), getattr(node, "lineno", 0))

    # Assignments

    def assign(self, node: ast.Assign, scope: Scope) -> None:
        (target,) = node.targets
        if isinstance(target, ast.Subscript):
            self._assign_item(target, node, scope)
        else:
            value = express(node.value, scope, self.out)
            masked = self.out.run.fact(node.value).masked
            mask = mask_of(node.value, scope, self.out) if masked else None
            written = express_target(target, scope, self.out)
            self._write_assignment(node, written, value)
            if mask is not None and isinstance(written, ast.Name):
                self._keep_mask(node, written.id, mask)

    def _write_assignment(self, node: ast.Assign, target: ast.expr, value: ast.expr) -> None:
        if (
            node.type_comment == IN_PLACE
            and isinstance(target, ast.Name)
            and isinstance(value, ast.BinOp)
            and unparse(value.left) == target.id
        ):
            self.line(node, ast.AugAssign(target, value.op, value.right))
        else:
            self.line(node, ast.Assign([target], value, lineno=node.lineno))

    def _keep_mask(self, node: ast.stmt, name: str, mask: ast.expr) -> None:
        kept = ast.Name(self.out.fresh(f"{name}_mask"))
        self.line(node, ast.Assign([kept], mask, lineno=node.lineno))
        self.out.masks[name] = kept

    def _assign_item(self, target: ast.Subscript, node: ast.Assign, scope: Scope) -> None:
        assert isinstance(target.value, ast.Name)
        out = self.out
        if out.run.fact(target.value).container:
            value = express(node.value, scope, out)
            index = express_index(target.slice, scope, out)
            owner = self._own_container(target.value.id, node, scope)
            self.line(node, ast.Assign([ast.Subscript(owner, index)], value, lineno=node.lineno))
            return
        old = ast.Name(scope.read(target.value.id, out))
        value = as_array(node.value, scope, out)
        if "mask" in out.run.indexing.get(id(target), ()):
            new = make_call(out.jnp("where"), express(target.slice, scope, out), value, old)
        else:
            place = ast.Subscript(ast.Attribute(old, "at"), express_index(target.slice, scope, out))
            new = make_call(ast.Attribute(place, "set"), value)
        name = ast.Name(scope.assign(target.value.id, out))
        self.line(node, ast.Assign([name], new, lineno=node.lineno))

    def _own_container(self, name: str, node: ast.stmt, scope: Scope) -> ast.expr:
        """A list or dict that may be written into: on one side of a condition, a copy."""
        old = scope.read(name, self.out)
        new = scope.assign(name, self.out)
        if new != old:
            copied = make_call(ast.Attribute(ast.Name(old), "copy"))
            self.line(node, ast.Assign([ast.Name(new)], copied, lineno=node.lineno))
        return ast.Name(new)

    def expression(self, node: ast.Expr, scope: Scope) -> None:
        """Only `.append(...)` and its like change anything."""
        call = node.value
        method = call.func if isinstance(call, ast.Call) else None
        if isinstance(method, ast.Attribute) and method.attr in WRITING_METHODS:
            assert isinstance(call, ast.Call) and isinstance(method.value, ast.Name)
            arguments = [express(argument, scope, self.out) for argument in call.args]
            owner = self._own_container(method.value.id, node, scope)
            self.line(node, make_call(ast.Attribute(owner, method.attr), *arguments))

    # Conditions

    def branch(self, node: ast.If, scope: Scope) -> None:
        out = self.out
        if not out.run.fact(node.test).traced:
            self._known_branch(node, scope)
            return
        if self._write_as_where(node, scope):
            return
        body_continues = continues(node.body, out)
        else_continues = continues(node.orelse, out)
        if not body_continues and not contains_return(node):
            self.write(node.orelse, scope)  # the body only raises, which is left out
        elif not else_continues and not any(contains_return(s) for s in node.orelse):
            self.write(node.body, scope)
        else:
            self._both_sides(node, scope, body_continues, else_continues)

    def _known_branch(self, node: ast.If, scope: Scope) -> None:
        taken = self.out.run.taken.get(id(node), set())
        if len(taken) < 2:
            self.write(node.body if True in taken else node.orelse, scope)
            return
        self._claim(node, scope)
        test = unparse(express(node.test, scope, self.out))
        with self.out.writer.block(f"if {test}:", node.lineno):
            self.write(node.body, scope)
        if node.orelse:
            with self.out.writer.block("else:", node.lineno):
                self.write(node.orelse, scope)

    def _both_sides(
        self, node: ast.If, scope: Scope, body_continues: bool, else_continues: bool
    ) -> None:
        when = self._condition(node, scope)
        then_scope, else_scope = scope, scope
        if not body_continues:  # what follows may then forget about the condition
            then_scope = scope.side("then", when)
        elif not else_continues:
            else_scope = scope.side("else", negate(when))
        else:
            then_scope, else_scope = scope.side("then", when), scope.side("else", negate(when))
        if else_scope is scope:
            self.write(node.body, then_scope)
            self.write(node.orelse, else_scope)
        else:  # returns of the `else` side come first, so that the others need no condition
            first, second = (node.body, node.orelse), (then_scope, else_scope)
            order = (1, 0) if then_scope is scope else (0, 1)
            for side in order:
                self.write(first[side], second[side])
        if body_continues and else_continues:
            self._merge(node, scope, when, then_scope, else_scope)

    def _condition(self, node: ast.If, scope: Scope) -> ast.expr:
        """The condition under a name that stays what it is."""
        condition = truth(node.test, scope, self.out)
        if isinstance(condition, ast.Name) and stored_names(self.node).count(condition.id) <= 1:
            return condition
        name = ast.Name(self.out.fresh(f"when_{node.lineno}"))
        self.line(node, ast.Assign([name], condition, lineno=node.lineno))
        return name

    def _merge(
        self, node: ast.If, scope: Scope, when: ast.expr, then_scope: Scope, else_scope: Scope
    ) -> None:
        for name, kind in self.out.run.merges.get(id(node), {}).items():
            chosen, other = then_scope.read(name, self.out), else_scope.read(name, self.out)
            if kind == MERGE_UNDEFINED or chosen == other:
                continue
            array = kind == MERGE_ARRAY
            choose = self.out.jnp("where") if array else self.out.helper("select")
            value = make_call(choose, when, ast.Name(chosen), ast.Name(other))
            target = ast.Name(scope.assign(name, self.out))
            self.line(node, ast.Assign([target], value, lineno=node.lineno))

    # The short form: a condition that only gives one variable another value

    def _write_as_where(self, node: ast.If, scope: Scope) -> bool:
        names = set(stored_names(node))
        merges = self.out.run.merges.get(id(node), {})
        if len(names) != 1 or merges.get(*names) != MERGE_ARRAY:
            return False
        (name,) = names
        value = self._where(node, name, scope)
        if value is None:
            return False
        target = ast.Name(scope.assign(name, self.out))
        self.line(node, ast.Assign([target], value, lineno=node.lineno))
        return True

    def _where(self, node: ast.If, name: str, scope: Scope) -> ast.expr | None:
        sides = [self._side_value(side, name, scope) for side in (node.body, node.orelse)]
        if sides[0] is None or sides[1] is None:
            return None
        condition = truth(node.test, scope, self.out)
        return make_call(self.out.jnp("where"), condition, sides[0], sides[1])

    def _side_value(self, side: list[ast.stmt], name: str, scope: Scope) -> ast.expr | None:
        """What a side gives the variable, if that is all it does."""
        if not side:
            return ast.Name(scope.read(name, self.out))
        if len(side) > 1:
            return None
        (statement,) = side
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            masked = self.out.run.fact(statement.value).masked
            return None if masked else express(statement.value, scope, self.out)
        if isinstance(statement, ast.If) and self.out.run.fact(statement.test).traced:
            return self._where(statement, name, scope)
        return None

    # Loops: Python's own, unrolled by JAX

    def loop(self, node: ast.For, scope: Scope) -> None:
        if id(node) not in self.out.run.executed:
            return
        source = express(node.iter, scope, self.out)
        self._claim(node, scope)
        target = express_target(node.target, scope, self.out)
        header = ast.For(target, source, [ast.Pass()], [], lineno=node.lineno)
        with self.out.writer.block(unparse(header).split("\n")[0], node.lineno):
            self.write(node.body, scope)

    def repeat(self, node: ast.While, scope: Scope) -> None:
        if id(node) not in self.out.run.executed:
            return
        self._claim(node, scope)
        test = unparse(express(node.test, scope, self.out))
        with self.out.writer.block(f"while {test}:", node.lineno):
            self.write(node.body, scope)

    def _claim(self, node: ast.stmt, scope: Scope) -> None:
        """Before Python's own control flow, give variables the name they have on every way."""
        if not scope.suffix:
            return
        written = written_containers(node, self.out)
        for name in dict.fromkeys(stored_names(node)):
            if name not in scope.names or name in scope.own:
                continue
            if name in written:
                self._own_container(name, node, scope)
            else:
                old = ast.Name(scope.names[name])
                new = ast.Name(scope.assign(name, self.out))
                self.line(node, ast.Assign([new], old, lineno=node.lineno))

    # Functions

    def define(self, node: ast.FunctionDef, scope: Scope) -> None:
        if id(node) in self.out.run.executed:
            note_captured(node, scope, self.out)
            write_function(node, scope, self.out)

    def give_back(self, node: ast.Return, scope: Scope) -> None:
        value = ast.Constant(None) if node.value is None else node.value
        fact = self.out.run.fact(value)
        self.returns_tree |= fact.container or not (fact.traced or fact.known)
        expression = express(value, scope, self.out)
        if not scope.conditions:
            self.line(node, ast.Return(self._first_taken(expression)))
            return
        number = value.operand if isinstance(value, ast.UnaryOp) else value
        if not isinstance(number, ast.Constant):  # variables may change before the end
            name = ast.Name(self.out.fresh(f"result_{node.lineno}"))
            self.line(node, ast.Assign([name], expression, lineno=node.lineno))
            expression = name
        self.returns.append((conjunction(list(scope.conditions)), expression))

    def _first_taken(self, last: ast.expr) -> ast.expr:
        """The value of the first return whose condition holds, or the last one."""
        if len(self.returns) > 2 and not self.returns_tree:
            conditions, values = (ast.List(list(part)) for part in zip(*self.returns, strict=True))
            return make_call(self.out.jnp("select"), conditions, values, last)
        for condition, value in reversed(self.returns):
            choose = self.out.helper("select") if self.returns_tree else self.out.jnp("where")
            last = make_call(choose, condition, value, last)
        return last

    def nothing(self, node: ast.stmt, scope: Scope) -> None:
        """`pass`, and `raise` on a traced condition, leave no trace."""


def write_function(node: ast.FunctionDef, scope: Scope, out: Output) -> None:
    """Translate one function."""
    inner = scope.inner()
    arguments = express_arguments(node.args, scope, inner, out)
    inner.own.update(inner.names)
    name = scope.assign(node.name, out)
    with out.writer.block(f"def {name}({unparse(arguments)}):", node.lineno):
        FunctionBody(out, node).write(node.body, inner)


_STATEMENTS: dict[type[ast.stmt], Callable[..., None]] = {
    ast.Assign: FunctionBody.assign,
    ast.Expr: FunctionBody.expression,
    ast.If: FunctionBody.branch,
    ast.For: FunctionBody.loop,
    ast.While: FunctionBody.repeat,
    ast.FunctionDef: FunctionBody.define,
    ast.Return: FunctionBody.give_back,
    ast.Raise: FunctionBody.nothing,
    ast.Pass: FunctionBody.nothing,
}
