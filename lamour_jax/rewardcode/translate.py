"""From checked NumPy reward code to jnp source: parse, check, analyse, write."""

from __future__ import annotations

import ast
import builtins
import hashlib
from dataclasses import dataclass

from . import runtime
from .allowlist import check_allowlist
from .analysis.facts import Analysis
from .analysis.statements import analyse
from .desugar import desugar
from .emission.statements import FunctionBody, write_function
from .emission.writer import Output, Scope, Writer, comments_of
from .findings import Finding
from .limits import parse
from .names import module_bindings
from .normalise import normalise

_HEADER = '''"""Reward program for lamour_jax, translated from the NumPy code in reward.py.

sha256 of reward.py: {sha256}
State: {state_size} numbers, action: {action_size}. Written by `lamour check`: to change the
reward, edit reward.py and run it again.
"""'''


@dataclass(frozen=True)
class Translation:
    """jnp source; `origins[i]` is the line of the original that line i + 1 came from."""

    jnp_source: str
    findings: tuple[Finding, ...]  # warnings
    origins: tuple[int, ...]
    terms: dict[str, int]  # numbers in calculate_reward that depend on the state: name -> line


def translate(source: str, state_size: int, action_size: int) -> Translation:
    """Translate reward code for vectors of the given sizes; raises RewardCodeError."""
    tree = parse(source)
    check_allowlist(tree)
    rewritten, warnings = desugar(normalise(tree))
    run = analyse(rewritten, module_bindings(tree), state_size, action_size)
    writer = _write(rewritten, run, source)
    header = _HEADER.format(
        sha256=hash_of(source), state_size=state_size, action_size=action_size
    ).split("\n")
    lines = [*header, "", *writer.lines]
    return Translation(
        "\n".join(lines) + "\n",
        (*warnings, *run.warnings.values()),
        (*[0] * (len(header) + 1), *writer.origins),
        dict(run.terms),
    )


def hash_of(source: str) -> str:
    """The sha256 by which sources and artefacts are told apart."""
    return hashlib.sha256(source.encode()).hexdigest()


def _write(tree: ast.Module, run: Analysis, source: str) -> Writer:
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    out = Output(run, Writer(comments_of(source)), used=names, renamed=_renamed(tree))
    out.used |= {"jnp", "math", *vars(runtime), *dir(builtins)}
    scope = Scope({})
    for function in functions:
        scope.assign(function.name, out)
    body = FunctionBody(out, tree)
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            if id(statement) in run.executed:
                out.writer.blank(2)
                write_function(statement, scope, out)
                out.writer.blank(2)
        else:
            body.write([statement], scope)
    return _with_imports(out)


def _renamed(tree: ast.Module) -> dict[str, str]:
    """Variables of the source that would hide a name which the translation needs."""
    ours = {"jnp", "math", "jax", *vars(runtime), *dir(builtins)}
    stored = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    stored |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    stored |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    renamed: dict[str, str] = {}
    for name in sorted(stored & ours):
        wish = f"{name}_"
        while wish in stored or wish in ours:
            wish += "_"
        renamed[name] = wish
    return renamed


def _with_imports(out: Output) -> Writer:
    """The imports that turned out to be needed, in front; blank lines as a formatter has them."""
    writer = Writer({})
    for module in sorted(out.modules):
        writer.line(f"import {module}", 0)
    if out.modules:
        writer.blank()
    writer.line("import jax.numpy as jnp", 0)
    if out.helpers:
        writer.blank()
        names = ", ".join(sorted(out.helpers))
        writer.line(f"from lamour_jax.rewardcode.runtime import {names}", 0)
    lines, origins = out.writer.lines, out.writer.origins
    while lines and not lines[-1]:
        lines.pop(), origins.pop()
    if lines and lines[0]:
        writer.blank()
    for index, (text, origin) in enumerate(zip(lines, origins, strict=True)):
        if text or lines[index - 2 : index] != ["", ""]:
            writer.lines.append(text)
            writer.origins.append(origin)
    return writer
