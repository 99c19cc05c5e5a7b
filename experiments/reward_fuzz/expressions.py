"""Random expressions such as stand in rewards: numbers, conditions and vectors, as Python text."""

from __future__ import annotations

import copy
import random
import re
from dataclasses import dataclass, field

from . import templates

CONSTANTS = ("0.0", "1.0", "-1.0", "0.5", "-0.25", "2.0", "0.3", "1", "2", "-3", "math.pi", "np.e")
_OPERATORS = ("<", "<=", ">", ">=", "==", "!=")
_NUMBERS, _CONDITIONS, _VECTORS = (
    tuple(table.strip().split("\n"))
    for table in (templates.NUMBERS, templates.CONDITIONS, templates.VECTORS)
)
_PLACEHOLDER = re.compile(r"<([a-z])>")


@dataclass
class Names:
    """What can be named at some point of a program."""

    numbers: list[str] = field(default_factory=list)  # readable: variables, `parts['a']`, `pair[0]`
    targets: list[str] = field(default_factory=list)  # those that may be assigned to
    flags: list[str] = field(default_factory=list)  # variables that are true or false
    vectors: dict[str, int] = field(default_factory=dict)  # variables of this function -> length
    helpers: dict[str, int] = field(default_factory=dict)  # functions of numbers -> arguments
    inputs: dict[str, int] = field(default_factory=dict)  # state and action -> length
    taken: set[str] = field(default_factory=set)  # made up so far

    def inner(self) -> Names:
        """The same names for a block of its own: what it adds is not seen outside."""
        return copy.deepcopy(self)


class Expressions:
    """Draws expressions from a `random.Random`, which Hypothesis can steer and shrink.

    `depth` bounds how deeply they nest.
    """

    def __init__(self, rng: random.Random):
        self.rng = rng

    def choose(self, *options: str) -> str:
        """One of several texts."""
        return self.rng.choice(options)

    def number(self, names: Names, depth: int) -> str:
        """A number."""
        if depth <= 0 or self.rng.randrange(5) == 0:
            return self.leaf(names)
        return self._fill(self.choose(*_NUMBERS), names, depth - 1)

    def leaf(self, names: Names) -> str:
        """A number without parts."""
        sources = ["constant", *(["variable"] * 2 if names.numbers else [])]
        source = self.choose(*sources, *(["input"] * 3 if names.inputs else []))
        if source == "input":
            name = self.choose(*names.inputs)
            return f"{name}[{self.rng.randrange(-2, names.inputs[name])}]"
        return self.choose(*(CONSTANTS if source == "constant" else names.numbers))

    def condition(self, names: Names, depth: int) -> str:
        """Something that is true or false."""
        if names.flags and self.rng.randrange(4) == 0:
            return self.choose(*names.flags)
        if depth <= 0:
            return f"{self.leaf(names)} {self.choose(*_OPERATORS)} {self.leaf(names)}"
        return self._fill(self.choose(*_CONDITIONS), names, depth - 1)

    def size(self) -> int:
        """The length of a vector."""
        return self.rng.randrange(2, 5)

    def vector(self, names: Names, depth: int, size: int) -> str:
        """An array expression that a method can be called on."""
        if depth <= 0 or self.rng.randrange(3) == 0:
            return self._vector_leaf(names, size)
        return self._fill(self.choose(*_VECTORS), names, depth - 1, size)

    def _vector_leaf(self, names: Names, size: int) -> str:
        known = [name for name, length in names.vectors.items() if length == size]
        if known and self.rng.randrange(2):
            return self.choose(*known)
        if not names.inputs or self.rng.randrange(4) == 0:
            return f"np.array([{', '.join(self.leaf(names) for _ in range(size))}], dtype=float)"
        name = self.choose(*names.inputs)
        start = self.rng.randrange(names.inputs[name] - size + 1)
        return f"{name}[{start}:{start + size}]"

    def _fill(self, template: str, names: Names, depth: int, size: int = 0) -> str:
        """A template with its placeholders drawn."""
        size = size or (self.size() if "<v>" in template else 0)
        drawn = {"n": str(size)}

        def draw(match: re.Match[str]) -> str:
            kind = match[1]
            if kind not in drawn:
                drawn[kind] = self._placeholder(kind, names, depth, size)
            return drawn[kind]

        return _PLACEHOLDER.sub(draw, template)

    def _placeholder(self, kind: str, names: Names, depth: int, size: int) -> str:
        if kind in "tu":  # `item` is one of the names inside
            names = names.inner()
            names.numbers += ["item"] * 3
            return self.number(names, depth) if kind == "t" else self.condition(names, 0)
        if kind in "vw":
            return self.vector(names, depth, size)
        if kind in "cd":
            return self.condition(names, depth)
        if kind == "b":
            return f"np.clip({self.number(names, depth)}, -9.0, 9.0)"
        if kind == "i":
            return str(self.rng.randrange(-size, size))
        if kind == "m":
            owners = [*names.vectors, *names.inputs]
            return self.choose(*owners) if owners else self._vector_leaf(names, 3)
        if kind == "f":
            return self._helper_call(names, depth)
        if kind == "o":
            return self.choose(*_OPERATORS)
        return self.leaf(names) if kind == "k" else self.number(names, depth)

    def _helper_call(self, names: Names, depth: int) -> str:
        if not names.helpers:
            return self.number(names, depth)
        name = self.choose(*names.helpers)
        arguments = (self.number(names, depth) for _ in range(names.helpers[name]))
        return f"{name}({', '.join(arguments)})"
