"""What names in reward code stand for: modules, loggers, things that are dropped."""

from __future__ import annotations

import ast

from . import tables


def module_bindings(tree: ast.Module) -> dict[str, str]:
    """Local name -> "numpy", "math", "numpy.linalg" or "numpy.sin": what imports bind.

    `np`, `numpy` and `math` are bound also where the import is missing: models forget it often.
    """
    bindings = dict(tables.ALWAYS_BOUND)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in tables.NUMBER_MODULES and (alias.asname or "." not in alias.name):
                    bindings[alias.asname or alias.name] = alias.name
        elif isinstance(node, ast.ImportFrom) and node.module in tables.NUMBER_MODULES:
            for alias in node.names:
                bindings[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return bindings


def dotted(node: ast.expr, bindings: dict[str, str]) -> str | None:
    """`np.linalg.norm` -> "numpy.linalg.norm"; None where it is no part of a module."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in bindings:
        return None
    return ".".join([bindings[node.id], *reversed(parts)])


def numpy_has(path: str) -> bool:
    """Is `path`, such as "sin" or "linalg.norm", NumPy that reward code may use?"""
    return (
        path in tables.NUMPY_FUNCTIONS
        or path in tables.CASTS
        or path in tables.NUMPY_CONSTANTS
        or path in tables.NUMPY_TYPES
        or path in tables.NUMPY_MODULES
        or path == "errstate"
    )


def math_has(path: str) -> bool:
    """Is `path` a function or constant of math that reward code may use?"""
    return path in tables.MATH_FUNCTIONS or path in tables.MATH_CONSTANTS


def silent_names(tree: ast.Module) -> set[str]:
    """Names that stand for logging: the modules, and loggers made from them."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {a.asname or a.name for a in node.names if a.name in tables.TALKERS}
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and _root(statement.value) in names:
            names |= {target.id for target in statement.targets if isinstance(target, ast.Name)}
    return names


def is_talk(node: ast.expr, silent: set[str]) -> bool:
    """Is this a call of print, logging or a logger (`silent`)? As a statement it is dropped."""
    return isinstance(node, ast.Call) and (
        (isinstance(node.func, ast.Name) and node.func.id == "print")
        or (isinstance(node.func, ast.Attribute) and _root(node.func) in silent)
    )


def is_main_block(node: ast.stmt) -> bool:
    """`if __name__ == "__main__":`, which models add to try their code out; dropped whole."""
    main = ast.parse('__name__ == "__main__"', mode="eval").body
    return isinstance(node, ast.If) and not node.orelse and ast.dump(node.test) == ast.dump(main)


def _root(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node.id if isinstance(node, ast.Name) else None
