"""What came out of checking an answer, for programs and for people."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .findings import Finding


@dataclass(frozen=True)
class Verdict:
    """The result of `check`; `jnp_source` is None where nothing could be translated."""

    accepted: bool
    findings: tuple[Finding, ...]
    max_relative_difference: float  # translation against original; NaN if never compared
    source: str
    jnp_source: str | None
    sha256: str  # of source
    lowest_reward: float  # in verification; NaN if never run
    state_size: int
    action_size: int

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that made it refused."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def to_json(self) -> dict[str, object]:
        """Plain JSON values; sources are left to the files beside."""
        return {
            "accepted": self.accepted,
            "sha256": self.sha256,
            "state_size": self.state_size,
            "action_size": self.action_size,
            "max_relative_difference": _finite(self.max_relative_difference),
            "lowest_reward": _finite(self.lowest_reward),
            "findings": [finding.to_json() for finding in self.findings],
        }

    def summary(self) -> str:
        """A few lines: the verdict, then every finding with the line that it is about."""
        lines = self.source.split("\n")  # as Python counts them
        text = ["accepted" if self.accepted else "refused"]
        if not math.isnan(self.max_relative_difference):
            text[0] += f"; largest difference from NumPy {self.max_relative_difference:.1e}"
        for finding in self.findings:
            text.append(str(finding))
            if 0 < finding.line <= len(lines):
                text.append(f"    {lines[finding.line - 1].strip()}")
        return "\n".join(_printable(line) for line in text)


def _printable(line: str) -> str:
    """A stranger's text must not steer the terminal that it is shown on."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in line.expandtabs())


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
