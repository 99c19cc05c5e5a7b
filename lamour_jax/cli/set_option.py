"""--set NAME=VALUE: single settings of the learner, in place of the preset's."""

import argparse
import ast
from collections.abc import Sequence
from typing import Any

from lamour_jax.errors import UserError


def add_set_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="settings of the learner in place of the preset's (docs/settings.md)",
    )


def read_settings(pairs: Sequence[str]) -> dict[str, Any]:
    """`NAME=VALUE` pairs as a dict. Values are Python's literals, or else words; which names and
    values there are, `lamour_jax.presets.learner_config` knows.

    Raises:
      UserError: a text that is no pair, or a name given twice.
    """
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not (name and equals and text):
            raise UserError(f"--set takes NAME=VALUE, as in --set aux_coef=0.5, not {pair!r}")
        if name in settings:
            raise UserError(f"--set has {name} twice")
        settings[name] = _value(text)
    return settings


def _value(text: str) -> Any:
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
