"""What the analysis learns: for every expression whether it is known or traced, and of what kind.

Loops and functions are analysed once for each turn and call, but written once: a fact is what holds
on all visits. Where an expression is known on one visit and traced on another, the code written for
it is the traced one, so it counts as traced on all; the analysis is repeated until that is settled.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from ..findings import Finding, fail, finding_at
from ..limits import MAX_HELD, MAX_NESTING, MAX_STEPS
from .values import Function, Items, Known, Library, Mapping, Traced, Undefined, Value, as_traced

# What a variable is after a traced `if`, from the least to the most troublesome.
MERGE_ARRAY, MERGE_TREE, MERGE_UNDEFINED = "array", "tree", "undefined"
_MERGES = (MERGE_ARRAY, MERGE_TREE, MERGE_UNDEFINED)


@dataclass
class Frame:
    """The variables of one function call; `parent` is where the function was defined."""

    names: dict[str, Value]
    parent: Frame | None = None

    def lookup(self, name: str) -> Value | None:
        """The value of a name here or in an enclosing function."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return frame.names[name]
            frame = frame.parent
        return None


@dataclass
class Fact:
    """What is true of an expression on all visits together."""

    known: bool = False  # known on some visit, so that it may be a Python number when run
    traced: bool = False
    container: bool = False
    scalar: bool = True
    kind: str = "b"  # the widest
    kinds: set[str] = field(default_factory=set)  # all of them, those of known values included
    python: bool = True  # a Python number on all visits
    bools: frozenset[str] = frozenset()  # the sorts of booleans that it may be
    masked: bool = False
    constants: list[object] = field(default_factory=list)  # distinct known values
    targets: list[object] = field(default_factory=list)  # library paths, or functions

    def add(self, raw: Value, value: Value) -> None:
        """Take in one more visit, which gave `raw`, made uniform as `value`."""
        if isinstance(raw, Known):
            self.known = True
            if not any(type(c) is type(raw.value) and c == raw.value for c in self.constants):
                self.constants.append(raw.value)
        if isinstance(value, Traced):
            self.traced = True
            self.known |= value.concrete
            self.scalar &= value.shape == ()
            self.kind = max(self.kind, value.kind, key="bif".index)
            self.python &= value.python
            self.masked |= value.mask is not None
        number = as_traced(value)
        if number is not None:
            self.kinds.add(number.kind)
            self.bools |= number.bools
        self.container |= isinstance(value, Items | Mapping)
        if isinstance(value, Library) and value.path not in self.targets:
            self.targets.append(value.path)
        if isinstance(value, Function) and value.node not in self.targets:
            self.targets.append(value.node)


Execute = Callable[[ast.FunctionDef | ast.Lambda, Frame, "Analysis"], Value]


@dataclass
class Analysis:
    """Facts about one program, and the state of the walk that gathers them."""

    bindings: dict[str, str]
    execute: Execute
    facts: dict[int, Fact] = field(default_factory=dict)
    always_traced: set[int] = field(default_factory=set)
    taken: dict[int, set[bool]] = field(default_factory=dict)  # known conditions: which way
    merges: dict[int, dict[str, str]] = field(default_factory=dict)  # `if`: variable -> MERGE_*
    indexing: dict[int, set[str]] = field(default_factory=dict)
    warnings: dict[tuple[int, int, str], Finding] = field(default_factory=dict)
    executed: set[int] = field(default_factory=set)  # functions and loops that run at all
    terms: dict[str, int] = field(default_factory=dict)  # variables of calculate_reward -> line
    inputs: dict[int, int] = field(default_factory=dict)  # state, action: storage -> size
    callers: list[tuple[ast.AST, Frame]] = field(default_factory=list)
    undecided: int = 0  # how many traced conditions the walk is inside of
    steps: int = 0

    def fact(self, node: ast.AST) -> Fact:
        """What is known of an expression; an empty fact where it is never reached."""
        return self.facts.get(id(node)) or Fact(known=True)

    def step(self, node: ast.AST) -> None:
        """Count one evaluation: unrolled loops and nested calls multiply."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise fail(
                node, "too-many-steps", f"more than {MAX_STEPS} operations, loops unrolled",
                "use array functions in place of loops",
            )  # fmt: skip

    def record(self, node: ast.AST, raw: Value) -> Value:
        """Note the value of a visit; gives it back, traced if the node is traced elsewhere."""
        if isinstance(raw, Items | Mapping):
            count, depth = raw.extent
            if count > MAX_HELD or depth > MAX_NESTING:
                raise fail(node, "too-large", f"{count} values, nested {depth} deep, in one list")
        value = raw
        if id(node) in self.always_traced:
            value = as_traced(raw) or raw
        elif isinstance(raw, Traced):
            self.always_traced.add(id(node))
        self.facts.setdefault(id(node), Fact()).add(raw, value)
        return value

    def merge(self, node: ast.AST, name: str, merged: Value) -> None:
        """Note what a variable is after a traced `if` that changed it."""
        kind = MERGE_ARRAY if isinstance(merged, Traced) else MERGE_TREE
        kind = MERGE_UNDEFINED if isinstance(merged, Undefined) else kind
        known = self.merges.setdefault(id(node), {})
        known[name] = max(kind, known.get(name, kind), key=_MERGES.index)

    def force_traced(self, node: ast.AST) -> None:
        """Have a condition treated as traced though it is known."""
        self.always_traced.add(id(node))

    def warn(self, node: ast.AST, rule: str, message: str, hint: str = "") -> None:
        """Note a warning once for its place."""
        finding = finding_at(node, rule, message, hint, "warning")
        self.warnings[(finding.line, finding.column, rule)] = finding

    def forget(self) -> None:
        """Start another round: everything but what has to be traced."""
        for record in (self.facts, self.taken, self.merges, self.indexing, self.warnings):
            record.clear()
        self.steps = 0
