"""`lamour doctor`: is this machine ready, and if not, what is to be done?

Imports neither JAX nor what needs it: they may be what is broken.
"""

import argparse
import json
import sys
import textwrap
from typing import Any

from lamour_jax.doctor import examine
from lamour_jax.doctor.finding import FAIL, OK, Finding

_WIDTH = 100
_INDENT = " " * 16  # of what follows a finding's status and name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(options: argparse.Namespace) -> int:
    outcome = doctor(sys.stderr if options.json else sys.stdout)
    if options.json:
        print(json.dumps(outcome, indent=2))
    return 1 if outcome["status"] == FAIL else 0


def doctor(out: Any = None) -> dict[str, Any]:
    """Makes every check, and prints each finding to `out` (standard output by default) as it comes.

    Returns {"status": the worst of all, "checks": {name: {"status", "found", "advice"}}}.
    """
    out = out or sys.stdout
    findings: dict[str, Finding] = {}
    for name, find in examine():
        print(f"      {name} ...", end="\r" if out.isatty() else "\n", file=out, flush=True)
        findings[name] = find()
        print(describe(name, findings[name]), file=out, flush=True)
    statuses = {finding.status for finding in findings.values()}
    worst = next(status for status in (FAIL, "warn", OK) if status in statuses)
    print(_CONCLUSIONS[worst], file=out)
    return {
        "status": worst,
        "checks": {name: finding.to_json() for name, finding in findings.items()},
    }


_CONCLUSIONS = {
    OK: "Ready. Begin with: lamour demo",
    "warn": "Ready, but for what is marked with warn.",
    FAIL: "Not ready: mend what is marked with fail, then run lamour doctor again.",
}


def describe(name: str, finding: Finding) -> str:
    """The lines of one finding."""
    lines = _wrapped(f"{finding.status:<5} {name:<9} {finding.found}", "")
    if finding.advice:
        lines += _wrapped(f"-> {finding.advice}", _INDENT)
    return "\n".join(lines)


def _wrapped(text: str, first: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
