"""What a vision-language model is told about a robot: one text a robot, in four sections.

ROBOT says what it is and how it normally stands, IMAGE how to read its pictures, STATE and ACTION
list the two vectors that reward code gets, entry by entry. The healthy ranges of the environment
are left out: judging them is the model's part of the method.

examples/ROBOT.txt, where there is one, is a reward program for another behavior that has what is
hard about this robot's, to be shown along with the question for code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import resources

_SECTIONS = ("ROBOT", "IMAGE", "STATE", "ACTION")


@dataclass(frozen=True)
class Description:
    """The sections of one robot's text, each without its heading, and the worked example of the
    robots that have one."""

    robot: str
    image: str
    state: str
    action: str
    example: str | None = None

    @property
    def vectors(self) -> str:
        """What a writer of reward code needs: the robot and its two vectors."""
        return f"Robot\n{self.robot}\n\nState\n{self.state}\n\nAction\n{self.action}"


def names() -> tuple[str, ...]:
    """The robots that have a description, sorted."""
    files = resources.files(__name__).iterdir()
    return tuple(sorted(f.name.removesuffix(".txt") for f in files if f.name.endswith(".txt")))


def load(robot: str) -> Description:
    """Reads the description of a robot by its registered name.

    Raises:
      ValueError: the robot has no description, or its text lacks a section.
    """
    if robot not in names():
        raise ValueError(f"no description of {robot!r}: there are {', '.join(names())}")
    text = resources.files(__name__).joinpath(f"{robot}.txt").read_text(encoding="utf-8")
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.splitlines():
        if line in _SECTIONS:
            current = sections.setdefault(line, [])
        else:
            current.append(line)
    missing = [name for name in _SECTIONS if name not in sections]
    if missing:
        raise ValueError(f"the description of {robot!r} lacks {', '.join(missing)}")
    texts = {name.lower(): "\n".join(sections[name]).strip() for name in _SECTIONS}
    return replace(Description(**texts), example=_example(robot))


def _example(robot: str) -> str | None:
    file = resources.files(__name__).joinpath("examples", f"{robot}.txt")
    return file.read_text(encoding="utf-8").strip() if file.is_file() else None
