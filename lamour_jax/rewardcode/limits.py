"""How large reward code may be: bounds that keep parsing, tracing and compiling quick."""

from __future__ import annotations

import ast
import warnings

from .findings import Finding, RewardCodeError, fail_whole, finding_at
from .hints import HINTS

MAX_ANSWER_BYTES = 256 * 1024  # an answer with its prose
MAX_SOURCE_BYTES = 16 * 1024
MAX_NODES = 2000
MAX_NESTING = 40
MAX_INTEGER = 2**31 - 1
MAX_EXPONENT = 64
MAX_LOOP = 256  # turns of one loop, items of one sequence
MAX_ELEMENTS = 1024  # of one array
MAX_HELD = 4096  # values inside of one list or dict, whatever they are nested in
MAX_LINE_NODES = 2000  # of one translated line: a repeated operand can double with every level
MAX_STEPS = 20_000  # expressions evaluated while tracing one function, loops unrolled


def check_size(source: str) -> None:
    """Refuse source text that is too long to look at."""
    size = len(source.encode("utf-8", "replace"))
    if size > MAX_SOURCE_BYTES:
        raise fail_whole(
            "too-long",
            f"the source has {size} bytes, {MAX_SOURCE_BYTES} are allowed",
            "a reward needs a page of code at most",
        )


def parse(source: str) -> ast.Module:
    """Parse checked-for-size source within the limits on nodes, nesting and numbers."""
    check_size(source)
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(source)
            _check_tree(tree)
            compile(tree, "<reward>", "exec")  # finds a `break` outside of a loop, and the like
    except SyntaxError as error:
        message = f"not Python: {error.msg}"
        place = (error.lineno or 0, error.offset or 0)
        raise RewardCodeError([Finding(*place, "syntax", message, HINTS["syntax"])]) from None
    except RewardCodeError:
        raise
    except (RecursionError, MemoryError, ValueError) as error:
        # Expressions nested thousands deep, or null bytes.
        raise fail_whole("too-deep", f"cannot be parsed: {type(error).__name__}") from None
    return tree


def _check_tree(tree: ast.Module) -> None:
    """Walk with a list of our own: a recursive walk would overflow on what it is to refuse."""
    findings: list[Finding] = []
    nodes = 0
    pending: list[tuple[ast.AST, int]] = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        nodes += not isinstance(node, ast.expr_context)
        if depth > MAX_NESTING and hasattr(node, "lineno"):
            findings.append(finding_at(node, "too-deep", f"nested more than {MAX_NESTING} deep"))
            continue
        if isinstance(node, ast.Constant):
            findings += _check_constant(node)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            findings += _check_exponent(node)
        pending.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
    if nodes > MAX_NODES:
        message = f"{nodes} syntax nodes, {MAX_NODES} are allowed"
        findings.append(Finding(0, 0, "too-many-nodes", message, HINTS["too-many-nodes"]))
    if findings:
        raise RewardCodeError(sorted(findings, key=lambda finding: finding.line))


def _check_constant(node: ast.Constant) -> list[Finding]:
    if type(node.value) is int and abs(node.value) > MAX_INTEGER:
        return [finding_at(node, "big-number", f"integers are limited to {MAX_INTEGER}")]
    return []


def _check_exponent(node: ast.BinOp) -> list[Finding]:
    exponent = node.right.operand if isinstance(node.right, ast.UnaryOp) else node.right
    if not isinstance(exponent, ast.Constant) or not isinstance(exponent.value, int | float):
        return []
    if abs(exponent.value) > MAX_EXPONENT:
        return [finding_at(node, "big-number", f"exponents are limited to {MAX_EXPONENT}")]
    return []
