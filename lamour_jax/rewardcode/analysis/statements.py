"""Analysis of statements and functions: walks the program once for every turn and call.

`analyse` is the whole analysis of a desugared program; what it finds out is in `Analysis.facts`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from ..desugar import IN_PLACE
from ..extract import REQUIRED
from ..findings import fail
from ..limits import MAX_LOOP
from .arrays import describe
from .assignments import check_in_place, store, written_name
from .containers import elements, write_method
from .evaluate import (
    argument_defaults,
    check_truth,
    evaluate,
    is_true,
)
from .facts import Analysis, Frame
from .values import (
    Function,
    Items,
    Known,
    Mapping,
    Traced,
    Undefined,
    Value,
    as_traced,
    is_number,
    join,
)

WRITING_METHODS = ("append", "extend", "update")


def analyse(
    tree: ast.Module, bindings: dict[str, str], state_size: int, action_size: int
) -> Analysis:
    """Facts about every expression of the program; raises RewardCodeError on the first fault."""
    run = Analysis(bindings, execute_function)
    settled = False
    while not settled:
        before = len(run.always_traced)
        run.forget()
        module = Frame({})
        _Block(module, run).execute(tree.body)
        for name, sizes in zip(REQUIRED, ((state_size,), (state_size, action_size)), strict=True):
            _analyse_required(module.names[name], sizes, run)
        settled = len(run.always_traced) == before
    return run


def _analyse_required(function: Value, sizes: tuple[int, ...], run: Analysis) -> None:
    assert isinstance(function, Function)
    run.steps = 0
    run.terms.clear()  # those of calculate_reward, which comes last, remain
    arguments = [Traced((size,)) for size in sizes]
    run.inputs = {argument.storage: argument.shape[0] for argument in arguments}
    spec = function.node.args
    names = [argument.arg for argument in (*spec.posonlyargs, *spec.args)]
    frame = Frame(
        dict(function.defaults) | dict(zip(names, arguments, strict=False)), function.frame
    )
    run.callers = [(function.node, frame)]
    result = execute_function(function.node, frame, run)
    run.callers = []
    number = isinstance(result, Known) and isinstance(result.value, bool | int | float)
    if not number and not (isinstance(result, Traced) and result.shape in ((), (1,))):
        raise fail(
            function.node, "not-a-scalar", f"the result is {describe(result)}, not one number",
            "return a single number",
        )  # fmt: skip


def execute_function(node: ast.FunctionDef | ast.Lambda, frame: Frame, run: Analysis) -> Value:
    """The result of a function whose arguments stand in `frame`."""
    run.executed.add(id(node))
    if isinstance(node, ast.Lambda):
        return evaluate(node.body, frame, run)
    block = _Block(frame, run)
    falls_through = block.execute(node.body)
    if falls_through and block.returns:
        raise fail(
            node, "missing-return", f"{node.name} returns nothing on some path",
            "end the function with a return",
        )  # fmt: skip
    if not block.returns:
        return Known(None)
    result = block.returns[0]
    for other in block.returns[1:]:
        result = join(result, other)
    if isinstance(result, Undefined):
        raise fail(node, "mixed-types", f"the returned values do not match: {result.reason}")
    return result


@dataclass
class _Block:
    """The walk through the statements of one function call."""

    frame: Frame
    run: Analysis
    returns: list[Value] = field(default_factory=list)

    def execute(self, statements: list[ast.stmt]) -> bool:
        """Run statements; False where every path has returned or raised."""
        return all(_STATEMENTS[type(statement)](self, statement) for statement in statements)

    def evaluate(self, node: ast.expr) -> Value:
        return evaluate(node, self.frame, self.run)

    def assign(self, node: ast.Assign) -> bool:
        value = self.evaluate(node.value)
        if node.type_comment == IN_PLACE:
            check_in_place(node, value, self.frame, self.run)
        store(node.targets[0], value, self.frame, self.run)
        return True

    # Control flow

    def branch(self, node: ast.If) -> bool:
        test = self.evaluate(node.test)
        if not isinstance(test, Traced):
            truth = is_true(node.test, test)
            taken = self.run.taken.setdefault(id(node), set())
            taken.add(truth)
            if len(taken) == 2 and contains_return(node):
                self.run.force_traced(node.test)
            return self.execute(node.body if truth else node.orelse)
        check_truth(node.test, test)
        return self._both_sides(node)

    def _both_sides(self, node: ast.If) -> bool:
        before = dict(self.frame.names)
        self.run.undecided += 1
        body_continues = self.execute(node.body)
        after_body = self.frame.names
        self.frame.names = dict(before)
        else_continues = self.execute(node.orelse)
        self.run.undecided -= 1
        if body_continues and else_continues:
            self._merge(node, before, after_body, self.frame.names)
        elif body_continues:
            self.frame.names = after_body
        return body_continues or else_continues

    def _merge(
        self,
        node: ast.If,
        before: dict[str, Value],
        one: dict[str, Value],
        other: dict[str, Value],
    ) -> None:
        merged: dict[str, Value] = {}
        missing = Undefined(f"the condition in line {node.lineno} gives it one on one side only")
        for name in one | other:
            first, second = one.get(name, missing), other.get(name, missing)
            merged[name] = join(first, second)
            if first is second is before.get(name):
                continue
            if is_number(merged[name]):  # both sides gave it one number; `where` makes it traced
                merged[name] = as_traced(merged[name]) or merged[name]
            self.run.merge(node, name, merged[name])
        self.frame.names = merged

    def loop(self, node: ast.For) -> bool:
        for item in elements(node.iter, self.evaluate(node.iter)).items:
            self.run.executed.add(id(node))
            store(node.target, item, self.frame, self.run)
            if not self.execute(node.body):
                raise fail(node, "forbidden-syntax", "this loop never comes to its second turn")
        return True

    def repeat(self, node: ast.While) -> bool:
        for _ in range(MAX_LOOP):
            test = self.evaluate(node.test)
            if isinstance(test, Traced):
                raise fail(
                    node, "traced-while", "how often this loop turns depends on the data",
                    "use a for loop over a fixed range",
                )  # fmt: skip
            if not is_true(node.test, test):
                return True
            self.run.executed.add(id(node))
            if not self.execute(node.body):
                raise fail(node, "forbidden-syntax", "this loop never comes to its second turn")
        raise fail(node, "too-many-turns", f"more than {MAX_LOOP} turns", "use a for loop")

    # The rest

    def expression(self, node: ast.Expr) -> bool:
        call = node.value
        method = call.func if isinstance(call, ast.Call) else None
        if isinstance(method, ast.Attribute) and method.attr in WRITING_METHODS:
            assert isinstance(call, ast.Call)
            owner = self.evaluate(method.value)
            name = written_name(method.value, node, self.frame, self.run)
            if not isinstance(owner, Items | Mapping):
                raise fail(node, "unknown-method", f"{describe(owner)} has no .{method.attr}()")
            arguments = [self.evaluate(argument) for argument in call.args]
            self.frame.names[name] = write_method(node, owner, method.attr, arguments)
        else:
            self.evaluate(call)
        return True

    def give_back(self, node: ast.Return) -> bool:
        value = Known(None) if node.value is None else self.evaluate(node.value)
        self.returns.append(value)
        return False

    def define(self, node: ast.FunctionDef) -> bool:
        defaults = argument_defaults(node.args, self.frame, self.run)
        self.frame.names[node.name] = Function(node, self.frame, defaults)
        return True

    def fail_here(self, node: ast.Raise) -> bool:
        if not self.run.undecided:
            raise fail(node, "always-raises", "this line is always reached, and raises")
        self.run.warn(
            node, "raise-dropped", "a raise on a condition of the state is left out",
            "return a low reward instead",
        )  # fmt: skip
        return False

    def nothing(self, node: ast.Pass) -> bool:
        return True


def contains_return(node: ast.AST) -> bool:
    """Is there a return of this function (not of a nested one) inside?"""
    if isinstance(node, ast.Return):
        return True
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        return False
    return any(contains_return(child) for child in ast.iter_child_nodes(node))


_STATEMENTS: dict[type[ast.stmt], Callable[..., bool]] = {
    ast.Assign: _Block.assign,
    ast.If: _Block.branch,
    ast.For: _Block.loop,
    ast.While: _Block.repeat,
    ast.Expr: _Block.expression,
    ast.Return: _Block.give_back,
    ast.FunctionDef: _Block.define,
    ast.Raise: _Block.fail_here,
    ast.Pass: _Block.nothing,
}
