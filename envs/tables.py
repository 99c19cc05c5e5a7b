"""Reads tables of a TOML file strictly: what is wrong names the file, the key and the remedy."""

from __future__ import annotations

import difflib
import math
import tomllib
from pathlib import Path
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")
_REQUIRED: Any = object()


class Table:
    """One table, read key by key; `close` refuses the keys that nobody asked for.

    Args:
      file: where it is from.
      values: its content.
      place: its name within the file, "" for the top.
    """

    def __init__(self, file: Path, values: dict[str, Any], place: str = ""):
        self._file, self._values, self._place = file, values, place
        self._known: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def fail(self, key: str, problem: str) -> NoReturn:
        """Raises the ValueError that says what is wrong with a key."""
        raise ValueError(f"{self._file}: {self._named(key)} {problem}")

    def text(self, key: str, default: T = _REQUIRED) -> str | T:
        value = self._get(key, default)
        if value is not default and (not isinstance(value, str) or not value.strip()):
            self.fail(key, f"must be a text, not {value!r}")
        return value

    def number(self, key: str, default: T = _REQUIRED, *, lowest: float = -math.inf) -> float | T:
        value = self._get(key, default)
        if value is default:
            return default
        if not _is_number(value) or value < lowest:
            least = "" if lowest == -math.inf else f" of at least {lowest:g}"
            self.fail(key, f"must be a number{least}, not {value!r}")
        return float(value)

    def whole(self, key: str, default: T = _REQUIRED) -> int | T:
        value = self._get(key, default)
        if value is not default and (type(value) is not int or value < 1):
            self.fail(key, f"must be a whole number of at least 1, not {value!r}")
        return value

    def numbers(self, key: str, length: int, default: T = _REQUIRED) -> list[float] | T:
        value = self._get(key, default)
        if value is default:
            return default
        if not isinstance(value, list) or not all(map(_is_number, value)):
            self.fail(key, f"must be a list of numbers, not {value!r}")
        if len(value) != length:
            self.fail(key, f"must be {length} numbers, not {len(value)}")
        return [float(number) for number in value]

    def interval(self, key: str, default: T = _REQUIRED) -> tuple[float, float] | T:
        value = self.numbers(key, 2, default)
        if value is default:
            return default
        low, high = value  # type: ignore[misc]
        if not low < high:
            self.fail(key, f"must be [lowest, highest], not [{low:g}, {high:g}]")
        return low, high

    def texts(self, key: str, default: T = _REQUIRED) -> list[str] | T:
        value = self._get(key, default)
        if value is default:
            return default
        if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
            self.fail(key, f"must be a list of texts, not {value!r}")
        return value

    def choice(self, key: str, choices: tuple[str, ...], default: str) -> str:
        value = self._get(key, default)
        if value not in choices:
            self.fail(key, f"must be one of {', '.join(choices)}, not {value!r}")
        return value

    def table(self, key: str) -> Table | None:
        """The table of this name; None where there is none."""
        value = self._get(key, None)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fail(key, f"must be a table, not {value!r}")
        place = f"{self._place}.{key}" if self._place else key
        return Table(self._file, value, place)

    def names(self) -> list[str]:
        """All its keys, which are thereby known."""
        self._known += self._values
        return list(self._values)

    def close(self) -> None:
        """Refuses keys that were not asked for."""
        for key in self._values.keys() - set(self._known):
            near = difflib.get_close_matches(key, self._known, n=1)
            advice = f"did you mean {near[0]!r}?" if near else f"there are {self._listed()}"
            self.fail(key, f"is not known here: {advice}")

    def _get(self, key: str, default: Any) -> Any:
        self._known.append(key)
        if key not in self._values and default is _REQUIRED:
            self.fail(key, "is missing")
        return self._values.get(key, default)

    def _named(self, key: str) -> str:
        return f"[{self._place}] {key}" if self._place else key

    def _listed(self) -> str:
        return ", ".join(dict.fromkeys(self._known)) or "none"


def read_table(file: Path) -> Table:
    """The top of a TOML file.

    Raises:
      ValueError: there is no such file, or it is not TOML.
    """
    try:
        return Table(file, tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ValueError(f"there is no file {file}") from None
    except OSError as error:
        raise ValueError(f"cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{file} is not a text file in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file} is not TOML: {error}") from None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value
