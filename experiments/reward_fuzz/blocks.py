"""Random statements, blocks in blocks: what stands in the functions of a random reward."""

from __future__ import annotations

from collections.abc import Callable

from .expressions import Expressions, Names

DEPTH = 2  # of expressions
_OPERATORS = ("+=", "-=", "*=")


def indent(lines: list[str]) -> list[str]:
    """Lines as they stand in a block."""
    return [f"    {line}" if line else line for line in lines]


class Block:
    """Draws the statements of one block; what they define goes into `names`."""

    def __init__(self, e: Expressions, names: Names, *, returns: bool = False, loop: bool = False):
        self.e = e
        self.names = names
        self.returns = returns  # `return` may stand here
        self.loop = loop  # `break` and `continue` may

    def draw(self, depth: int, count: int) -> list[str]:
        """About `count` statements; `depth` bounds how many blocks stand in one another."""
        lines: list[str] = []
        for _ in range(count):
            kinds = _STATEMENTS if depth > 0 else _PLAIN
            lines += self.e.rng.choice(kinds)(self, depth)
        return lines

    def number(self) -> str:
        return self.e.number(self.names, DEPTH)

    def inner(self, depth: int, extra: tuple[str, ...] = (), **ways: bool) -> list[str]:
        """A block inside, indented: its new names are its own. `ways` out may differ."""
        names = self.names.inner()
        names.numbers += extra
        block = Block(self.e, names, **{"returns": self.returns, "loop": self.loop} | ways)
        return indent(block.draw(depth - 1, self.e.rng.randrange(1, 4)))

    def fresh(self, wish: str) -> str:
        """A name that is not taken yet."""
        taken = self.names.taken
        name = next(name for i in range(99) if (name := f"{wish}{i}") not in taken)
        taken.add(name)
        return name

    def variable(self) -> str | None:
        """A plain variable that has a value already."""
        return self.e.choose(*self.names.targets) if self.names.targets else None

    def add(self, name: str) -> str:
        """Note a number that is assigned to from now on."""
        if name not in self.names.targets:
            self.names.targets.append(name)
            self.names.numbers.append(name)
        return name


# Statements without blocks inside


def _assign(b: Block, depth: int) -> list[str]:
    value = b.number()
    old = b.variable()
    name = old if old and b.e.rng.randrange(2) else b.fresh("v")
    line = f"{name}{b.e.choose('', '', ': float') if name != old else ''} = {value}"
    b.add(name)
    return [line]


def _augment(b: Block, depth: int) -> list[str]:
    name = b.variable()
    if name is None:
        return _assign(b, depth)
    return [
        f"{name} {b.e.choose(*_OPERATORS)} {b.number()}",
        *b.e.rng.choice(([], [f"{name} /= 2.0"])),
    ]


def _several(b: Block, depth: int) -> list[str]:
    plain = [name for name in b.names.targets if name.isidentifier()]
    if len(plain) > 1 and b.e.rng.randrange(2):
        return [f"{plain[0]}, {plain[-1]} = {plain[-1]}, {plain[0]}"]
    values = b.number(), b.number()
    one, other = b.fresh("p"), b.fresh("q")
    b.add(one), b.add(other)
    return b.e.rng.choice(
        ([f"{one}, {other} = {values[0]}, {values[1]}"], [f"{one} = {other} = {values[0]}"])
    )


def _vector(b: Block, depth: int) -> list[str]:
    name = b.fresh("xs")
    size = b.e.size()
    text = b.e.vector(b.names, DEPTH, size)
    b.names.vectors[name] = size
    return [f"{name} = {text}.copy()"]


def _write_vector(b: Block, depth: int) -> list[str]:
    if not b.names.vectors:
        return _vector(b, depth)
    name = b.e.choose(*b.names.vectors)
    size, x = b.names.vectors[name], b.e.number(b.names, 1)
    line = b.e.choose(
        "XS[I] = X", "XS[I] += X", "XS[XS > X] = 0.5", "XS[XS < 0.0] *= -0.5", "XS[:2] = W",
        "XS += X", "XS *= V", "XS[np.abs(XS) > 1.0] = X", "XS[1:] -= X", "XS /= 2.0",
    )  # fmt: skip
    line = line.replace("XS", name).replace("X", x)
    line = line.replace("[I]", f"[{b.e.rng.randrange(-size, size)}]")
    length = 2 if "W" in line else size
    part = b.e.vector(b.names, 1, length) if line.endswith(("W", "V")) else ""
    return [line[:-1] + part if part else line]


def _container(b: Block, depth: int) -> list[str]:
    name = b.fresh("parts")
    x, y = b.number(), b.number()
    if b.e.rng.randrange(2):
        lines = [f"{name} = {{'a': {x}, 'b': {y}}}", f"{name}['c'] = {b.e.leaf(b.names)}"]
        entries = [f"{name}['{key}']" for key in "abc"]
        b.names.numbers.append(f"sum({name}.values())")
    else:
        lines = [f"{name} = [{x}, {y}]", f"{name}.append({b.e.leaf(b.names)})"]
        entries = [f"{name}[{index}]" for index in range(3)]
        b.names.numbers.append(f"sum({name})")
    for entry in entries:
        b.add(entry)
    b.names.numbers.append(name + entries[0][len(name) :])
    return lines


def _flag(b: Block, depth: int) -> list[str]:
    test = b.e.condition(b.names, DEPTH)
    if b.names.flags and b.e.rng.randrange(2):
        name = b.e.choose(*b.names.flags)
        return [f"{name} = {b.e.choose('True', f'{name} or {test}', f'{name} and {test}', test)}"]
    name = b.fresh("flag")
    lines = [f"{name} = {b.e.choose('False', test)}"]
    b.names.flags.append(name)
    return lines


def _silent(b: Block, depth: int) -> list[str]:
    return b.e.rng.choice(
        (
            ["print('here', 1.0)"],
            ["logging.debug('here')"],
            ["'a remark'"],
            ["pass"],
            ["assert len(GAINS) == 2"],
        )
    )


# Statements with blocks inside


def _if(b: Block, depth: int) -> list[str]:
    lines = [f"if {b.e.condition(b.names, DEPTH)}:", *b.inner(depth)]
    for _ in range(b.e.rng.randrange(3) // 2):
        lines += [f"elif {b.e.condition(b.names, 1)}:", *b.inner(depth)]
    return lines + (["else:", *b.inner(depth)] if b.e.rng.randrange(2) else [])


def _leave(b: Block, depth: int) -> list[str]:
    ways = [f"return {b.number()}"] if b.returns else []
    if b.loop:
        ways += ["break", "continue"]
    if not ways:
        return _augment(b, depth)
    return [f"if {b.e.condition(b.names, 1)}:", f"    {b.e.choose(*ways)}"]


def _for(b: Block, depth: int) -> list[str]:
    size = b.e.size()
    v = b.e.vector(b.names, 1, size)
    i, item, other = b.fresh("i"), b.fresh("item"), b.fresh("other")
    header, extra = b.e.rng.choice(
        (
            (f"for {i} in range({size}):", (i, f"{v}[{i}]")),
            (f"for {item} in {v}:", (item, item)),
            (f"for {i}, {item} in enumerate({v}):", (i, item)),
            (f"for {item}, {other} in zip({v}, (1.0, -0.5)):", (item, other)),
            (f"for {item} in [0.5, -1.0, {b.e.leaf(b.names)}]:", (item,)),
            (f"for {i} in reversed(range(3)):", (i,)),
        )
    )
    return [header, *b.inner(depth, extra, loop=True)]


def _while(b: Block, depth: int) -> list[str]:
    turn = b.fresh("turn")
    # Left early on a condition of the state, a `while` turns as often as the data say: refused.
    body = indent([f"{turn} += 1"]) + b.inner(depth, (turn,), loop=False, returns=False)
    return [f"{turn} = 0", f"while {turn} < {b.e.rng.randrange(1, 4)}:", *body]


def _items(b: Block, depth: int) -> list[str]:
    name, key, value = b.fresh("table"), b.fresh("key"), b.fresh("value")
    lines = [f"{name} = {{'a': {b.number()}, 'b': {b.number()}}}"]
    lines += [f"for {key}, {value} in {name}.items():", *b.inner(depth, (value,), loop=True)]
    b.names.numbers.append(f"{name}['b']")
    return lines


def _wrapped(b: Block, depth: int) -> list[str]:
    before, after = b.e.rng.choice(
        (
            ("with np.errstate(all='ignore'):", []),
            ("try:", ["except KeyError:", "    pass"]),
            (f"if {b.e.leaf(b.names)} > -9.0:", ["else:", "    raise ValueError('never mind')"]),
        )
    )
    return [before, *b.inner(depth), *after]


def _nested(b: Block, depth: int) -> list[str]:
    name = b.fresh("local")
    seen = [name for name in b.names.targets if name.isidentifier()][:1]  # read from outside
    inside = Names(numbers=["z", "z", *seen], helpers=dict(b.names.helpers))
    value = b.e.number(inside, DEPTH)
    b.names.helpers[name] = 1
    return b.e.rng.choice(
        ([f"def {name}(z):", f"    return {value}"], [f"{name} = lambda z: {value}"])
    )


_PLAIN: tuple[Callable[[Block, int], list[str]], ...] = (
    _assign, _assign, _augment, _augment, _several, _vector, _write_vector, _container, _silent,
    _flag,
)  # fmt: skip
_STATEMENTS = (
    *_PLAIN,
    _if,
    _if,
    _if,
    _leave,
    _leave,
    _for,
    _for,
    _while,
    _items,
    _wrapped,
    _nested,
)
