"""Keys: read from the environment only, and kept out of everything that a person may read."""

from __future__ import annotations

import os
from urllib.parse import quote

from lamour_jax.lvlm.providers.outcomes import KeyRefused

_HIDDEN = "***"
_PIECE = 8  # so many characters in a row give a key away


class Key:
    """A secret that does not show itself.

    Args:
      value: the key; empty for servers that need none.
      variable: the environment variable that it came from, or would have come from.
    """

    __slots__ = ("_value", "variable")

    def __init__(self, value: str, variable: str) -> None:
        self._value = value
        self.variable = variable

    def __repr__(self) -> str:
        return f"Key({self.variable})"

    def __bool__(self) -> bool:
        return bool(self._value)

    @property
    def origin(self) -> str:
        """Where a person finds the key, in words."""
        return f"the key is in {self.variable}" if self else f"there is no key in {self.variable}"

    def reveal(self) -> str:
        """The key itself, for the one who sends it."""
        return self._value

    def scrub(self, text: str) -> str:
        """The text without the key and without any longer piece of it: servers echo keys, some of
        them half masked."""
        if not self._value:
            return text
        for form in {self._value, quote(self._value, safe="")}:
            text = text.replace(form, _HIDDEN)
        pieces = {self._value[i : i + _PIECE] for i in range(len(self._value) - _PIECE + 1)}
        hidden = [False] * len(text)
        for i in range(len(text) - _PIECE + 1):
            if text[i : i + _PIECE] in pieces:
                hidden[i : i + _PIECE] = [True] * _PIECE
        return "".join(
            (_HIDDEN if i == 0 or not hidden[i - 1] else "") if hidden[i] else character
            for i, character in enumerate(text)
        )

    def remove(self, text: str) -> str:
        """The text without the whole key; for texts that must otherwise stay as they are, so a key
        too short to be one is left alone."""
        return text.replace(self._value, _HIDDEN) if len(self._value) >= 2 * _PIECE else text


def find_key(*variables: str) -> Key:
    """The key in the first of these environment variables that has one; else an empty key that
    names the first of them.

    Raises:
      KeyRefused: what is there cannot be a key.
    """
    for variable in variables:
        value = os.environ.get(variable, "").strip()
        if not value:
            continue
        # HTTP libraries quote a header that they refuse, key and all: they never see such a one.
        if not all("!" <= character <= "~" for character in value):
            raise KeyRefused(f"{variable} holds characters that no key has; copy the key again")
        return Key(value, variable)
    return Key("", variables[0])
