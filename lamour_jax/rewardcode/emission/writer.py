"""The text of a translation: lines, the original's comments, where each line comes from."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..analysis.facts import Analysis

INDENT = "    "


@dataclass
class Writer:
    """Collects lines; `origins[i]` is the source line that line i + 1 was translated from."""

    comments: dict[int, str]
    lines: list[str] = field(default_factory=list)
    origins: list[int] = field(default_factory=list)
    depth: int = 0

    def line(self, text: str, origin: int) -> None:
        """One line of code, after the comments that stand before its origin."""
        for place in sorted(place for place in self.comments if place <= origin):
            self._put(self.comments.pop(place), place)
        self._put(text, origin)

    def blank(self, count: int = 1) -> None:
        """Empty lines."""
        self.lines += [""] * count
        self.origins += [0] * count

    @contextmanager
    def block(self, header: str, origin: int) -> Iterator[None]:
        """A header that ends with a colon, and what is indented under it."""
        self.line(header, origin)
        start = len(self.lines)
        self.depth += 1
        yield
        if len(self.lines) == start:
            self._put("pass", origin)
        self.depth -= 1

    def _put(self, text: str, origin: int) -> None:
        self.lines.append(INDENT * self.depth + text)
        self.origins.append(origin)


def comments_of(source: str) -> dict[int, str]:
    """Comments by line. Carried over for the reader; odd characters are not."""
    readline = io.StringIO(source).readline
    return {
        token.start[0]: token.string
        for token in tokenize.generate_tokens(readline)
        if token.type == tokenize.COMMENT and token.string.isprintable()
    }


@dataclass
class Output:
    """What all parts of the translator write into and ask."""

    run: Analysis
    writer: Writer
    used: set[str]  # every name in the source or made up so far
    renamed: dict[str, str]  # source names that would hide something of ours
    helpers: set[str] = field(default_factory=set)  # of the runtime module
    modules: set[str] = field(default_factory=set)
    captured: dict[int, dict[str, str]] = field(default_factory=dict)  # closures: what they read
    masks: dict[str, ast.expr] = field(default_factory=dict)  # variable that holds a[mask] -> mask

    def fresh(self, wish: str) -> str:
        """A name like `wish` that nothing else has."""
        name, count = wish, 1
        while name in self.used:
            count += 1
            name = f"{wish}_{count}"
        self.used.add(name)
        return name

    def helper(self, name: str) -> ast.expr:
        """A function of the runtime module, which the translation then imports."""
        self.helpers.add(name)
        return ast.Name(name)

    def jnp(self, name: str) -> ast.expr:
        """`jnp.name`."""
        return dotted_name(f"jnp.{name}")


def dotted_name(path: str) -> ast.expr:
    """`a.b.c` as an expression."""
    first, *rest = path.split(".")
    expression: ast.expr = ast.Name(first)
    for part in rest:
        expression = ast.Attribute(expression, part)
    return expression


def make_call(function: ast.expr, *arguments: ast.expr, **keywords: ast.expr) -> ast.Call:
    """`function(*arguments, **keywords)` as an expression."""
    named = [ast.keyword(name, value) for name, value in keywords.items()]
    return ast.Call(function, list(arguments), named)


@dataclass
class Scope:
    """Which emitted name holds a variable at some point of a function.

    The sides of a traced `if` are scopes of their own: both are computed, into names of their own,
    and what they changed is selected afterwards.
    """

    names: dict[str, str]
    suffix: str = ""  # "then" or "else"
    conditions: tuple[ast.expr, ...] = ()  # all true where this scope counts
    own: set[str] = field(default_factory=set)

    def side(self, suffix: str, condition: ast.expr) -> Scope:
        """The scope of one side of a traced condition."""
        return Scope(dict(self.names), suffix, (*self.conditions, condition))

    def inner(self) -> Scope:
        """The scope of a function, lambda or comprehension inside."""
        return Scope(dict(self.names))

    def read(self, name: str, out: Output) -> str:
        """The emitted name to read a variable from."""
        return self.names.get(name, out.renamed.get(name, name))

    def assign(self, name: str, out: Output) -> str:
        """The emitted name to write a variable to."""
        if name not in self.own:
            plain = out.renamed.get(name, name)
            self.names[name] = out.fresh(f"{plain}_{self.suffix}") if self.suffix else plain
            self.own.add(name)
        return self.names[name]
