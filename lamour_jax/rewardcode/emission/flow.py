"""Questions about statements: where they lead, what they assign, how long they become."""

from __future__ import annotations

import ast

from ..analysis.statements import WRITING_METHODS
from .writer import Output


def continues(statements: list[ast.stmt], out: Output) -> bool:
    """Can a path come out at the end of these statements? As in the analysis."""
    return all(_continues(statement, out) for statement in statements)


def _continues(node: ast.stmt, out: Output) -> bool:
    if isinstance(node, ast.If):
        sides = [node.body, node.orelse]
        if not out.run.fact(node.test).traced:
            taken = out.run.taken.get(id(node), set())
            sides = [side for side, way in zip(sides, (True, False), strict=True) if way in taken]
        return not sides or any(continues(side, out) for side in sides)
    return not isinstance(node, ast.Return | ast.Raise)


def stored_names(node: ast.AST) -> list[str]:
    """Variables that are assigned or written into, in this function."""
    found: list[str] = []
    pending = list(ast.iter_child_nodes(node))
    while pending:
        child = pending.pop(0)
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            found.append(child.id)
        elif (isinstance(child, ast.Subscript) and isinstance(child.ctx, ast.Store)) or (
            isinstance(child, ast.Attribute) and child.attr in WRITING_METHODS
        ):
            found += [n.id for n in ast.walk(child.value) if isinstance(n, ast.Name)]
        elif isinstance(child, ast.FunctionDef):
            found.append(child.name)
            continue
        if not isinstance(child, ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.DictComp):
            pending += ast.iter_child_nodes(child)
    return found


def written_containers(node: ast.AST, out: Output) -> set[str]:
    """Variables whose list or dict is changed, not replaced, somewhere inside."""
    places = (
        child.value
        for child in ast.walk(node)
        if (isinstance(child, ast.Subscript) and isinstance(child.ctx, ast.Store))
        or (isinstance(child, ast.Attribute) and child.attr in WRITING_METHODS)
    )
    names = (place for place in places if isinstance(place, ast.Name))
    return {name.id for name in names if out.run.fact(name).container}


def unparse(node: ast.AST) -> str:
    """Source text of a node that was made here."""
    return ast.unparse(ast.fix_missing_locations(node))


def size(node: ast.AST, known: dict[int, int]) -> int:
    """How many nodes are written out; shared ones are looked at once, but count each time."""
    if id(node) not in known:
        known[id(node)] = 1 + sum(size(child, known) for child in ast.iter_child_nodes(node))
    return known[id(node)]
