"""Analysis of statements and functions: walks the program once for every turn and call.

`analyse` is the whole analysis of a desugared program; what it finds out is in `Analysis.facts`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from .arrays import describe
from .containers import elements, write_method
from .desugar import IN_PLACE
from .evaluate import (
    argument_defaults,
    check_truth,
    constant_key,
    evaluate,
    index_parts,
    is_true,
    mask_key,
    unpack,
)
from .extract import REQUIRED
from .facts import Analysis, Frame
from .findings import fail
from .indexing import assign_index
from .limits import MAX_LOOP
from .values import (
    Function,
    Items,
    Known,
    Mapping,
    Traced,
    Undefined,
    Value,
    join,
    storages,
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
    run.inputs = {argument.storage for argument in arguments}
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

    # Assignments

    def assign(self, node: ast.Assign) -> bool:
        value = self.evaluate(node.value)
        if node.type_comment == IN_PLACE:
            self._check_in_place(node, value)
        for target in node.targets:
            self._store(target, value)
        return True

    def _check_in_place(self, node: ast.Assign, value: Value) -> None:
        """`x += y` changes an array or a list for everybody who holds it."""
        target = node.targets[0]
        if not isinstance(target, ast.Name):
            return
        old = self.frame.names.get(target.id)
        if isinstance(old, Items) and old.is_list and not isinstance(value, Items):
            raise fail(node, "mixed-types", "a list and an array", "make the list an np.array")
        if isinstance(old, Items) or (isinstance(old, Traced) and old.shape):
            self._changed_name(target, node)
        if isinstance(old, Traced) and old.shape and isinstance(value, Traced):
            if value.shape != old.shape or (value.kind != old.kind and old.kind != "f"):
                raise fail(
                    node, "assignment", "the result does not fit the array that it changes",
                    "write x = x + y",
                )  # fmt: skip

    def _store(self, target: ast.expr, value: Value) -> None:
        if isinstance(target, ast.Name):
            self.frame.names[target.id] = value
            self._note_term(target, value)
        elif isinstance(target, ast.Subscript):
            self._store_item(target, value)
        else:
            for element, item in unpack(target, value):
                self._store(element, item)

    def _note_term(self, target: ast.Name, value: Value) -> None:
        """A number in calculate_reward that the state has a part in should change with it."""
        varies = isinstance(value, Traced) and not value.shape and value.exact is None
        if len(self.run.callers) == 1 and varies and target.id != "_":
            self.run.terms[target.id] = target.lineno

    def _store_item(self, target: ast.Subscript, value: Value) -> None:
        name = self._changed_name(target.value, target)
        owner = self.evaluate(target.value)
        if isinstance(owner, Traced):
            parts = index_parts(target.slice, self.frame, self.run)
            key = mask_key(target.slice, self.frame)
            changed = assign_index(target, owner, parts, key, value, self.run)
            self.frame.names[name] = changed
            return
        key = self.evaluate(target.slice)
        if isinstance(owner, Mapping):
            entries = owner.as_dict() | {constant_key(target.slice, key): value}
            changed: Value = Mapping(tuple(entries.items()), owner.storage)
        elif isinstance(owner, Items) and owner.is_list and isinstance(key, Known):
            items = list(owner.items)
            try:
                items[key.value] = value
            except (IndexError, TypeError):
                raise fail(target, "index-out-of-range", f"no item {key.value!r}") from None
            changed = Items(tuple(items), True, owner.storage)
        else:
            raise fail(target, "assignment", f"nothing can be put into {describe(owner)} here")
        self.frame.names[name] = changed

    def _changed_name(self, owner: ast.expr, node: ast.AST) -> str:
        """The variable that a statement writes into; nobody else may hold the same object."""
        if not isinstance(owner, ast.Name) or owner.id not in self.frame.names:
            raise fail(
                node, "assignment", "only a variable of this function can be written into",
                "give it a name of its own first",
            )  # fmt: skip
        mine = storages(self.frame.names[owner.id])
        for frame in self._frames():
            for name, value in frame.names.items():
                same = frame is self.frame and name == owner.id
                if not same and mine & storages(value):
                    raise fail(
                        node, "shared-array",
                        f"{owner.id} and {name} are one and the same object: both would change",
                        f"write {owner.id} = {owner.id}.copy() before",
                    )  # fmt: skip
        return owner.id

    def _frames(self) -> list[Frame]:
        """All frames alive: of the callers and of the functions around them."""
        found: list[Frame] = []
        for frame in [self.frame, *(frame for _, frame in self.run.callers)]:
            inner: Frame | None = frame
            while inner is not None:
                if not any(inner is other for other in found):
                    found.append(inner)
                inner = inner.parent
        return found

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
        self.frame.names = before
        else_continues = self.execute(node.orelse)
        self.run.undecided -= 1
        if body_continues and else_continues:
            self._merge(node, after_body, self.frame.names)
        elif body_continues:
            self.frame.names = after_body
        return body_continues or else_continues

    def _merge(self, node: ast.If, one: dict[str, Value], other: dict[str, Value]) -> None:
        merged: dict[str, Value] = {}
        missing = Undefined(f"the condition in line {node.lineno} gives it one on one side only")
        for name in one | other:
            first, second = one.get(name, missing), other.get(name, missing)
            merged[name] = join(first, second)
            if first is not second:
                self.run.merge(node, name, merged[name])
        self.frame.names = merged

    def loop(self, node: ast.For) -> bool:
        for item in elements(node.iter, self.evaluate(node.iter)).items:
            self._store(node.target, item)
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
            if not self.execute(node.body):
                raise fail(node, "forbidden-syntax", "this loop never comes to its second turn")
        raise fail(node, "too-many-turns", f"more than {MAX_LOOP} turns", "use a for loop")

    # The rest

    def expression(self, node: ast.Expr) -> bool:
        call = node.value
        method = call.func if isinstance(call, ast.Call) else None
        if isinstance(method, ast.Attribute) and method.attr in WRITING_METHODS:
            assert isinstance(call, ast.Call)
            name = self._changed_name(method.value, node)
            owner = self.evaluate(method.value)
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


_STATEMENTS: dict[type[ast.stmt], Callable[[_Block, ast.stmt], bool]] = {
    ast.Assign: _Block.assign,
    ast.If: _Block.branch,
    ast.For: _Block.loop,
    ast.While: _Block.repeat,
    ast.Expr: _Block.expression,
    ast.Return: _Block.give_back,
    ast.FunctionDef: _Block.define,
    ast.Raise: _Block.fail_here,
    ast.Pass: _Block.nothing,
}  # type: ignore[dict-item]
