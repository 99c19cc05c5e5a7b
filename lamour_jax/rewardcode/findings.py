"""What is said about reward code: one finding a fault, with the line, the rule and a way out.

Lines and columns are 1-based and count in the extracted source. Line 0 means the answer as a whole.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from .hints import HINTS

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One fault of reward code; `rule` is a stable name, `hint` says what to write instead."""

    line: int
    column: int
    rule: str
    message: str
    hint: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}: " if self.line else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.severity} [{self.rule}] {self.message}{hint}"

    def to_json(self) -> dict[str, object]:
        """The finding as plain JSON values."""
        return asdict(self)


class RewardCodeError(ValueError):
    """Reward code that cannot be used; `findings` say where and why."""

    def __init__(self, findings: Sequence[Finding]):
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


def finding_at(
    node: ast.AST, rule: str, message: str, hint: str = "", severity: Severity = "error"
) -> Finding:
    """A finding at the place of a syntax node."""
    line = getattr(node, "lineno", 0)
    column = getattr(node, "col_offset", -1) + 1
    return Finding(line, column, rule, message, hint or HINTS[rule], severity)


def fail(node: ast.AST, rule: str, message: str, hint: str = "") -> RewardCodeError:
    """The error to raise for one fault at `node`."""
    return RewardCodeError([finding_at(node, rule, message, hint)])


def fail_whole(rule: str, message: str, hint: str = "") -> RewardCodeError:
    """The error to raise for a fault that has no line of its own."""
    return RewardCodeError([Finding(0, 0, rule, message, hint or HINTS[rule])])
