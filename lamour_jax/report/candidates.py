"""The members of a population, for the report: what each learned from and how far it came."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamour_jax.report.figures import count, percent
from lamour_jax.report.story import RewardStory, read_story
from lamour_jax.runs import MEMBERS_FOLDER, read_metrics


@dataclass(frozen=True)
class Member:
    """One training of a run of several, side by side.

    Attributes:
      name: its folder's name.
      chosen: it won.
      figures: (label, value) of its final evaluation; empty where it diverged before any.
      rows: its metrics.jsonl.
      story: its reward; None where an earlier member has the same.
    """

    name: str
    chosen: bool
    figures: list[tuple[str, str]]
    rows: list[dict[str, Any]]
    story: RewardStory | None


def read_members(folder: Path, outcome: dict[str, Any], names: list[str]) -> list[Member]:
    """The members `names` of the run in `folder`; none where it is a single training."""
    found: list[Member] = []
    for name in names:
        place = folder / MEMBERS_FOLDER / name
        story = read_story(place / "reward")
        told = any(other.story and story and other.story.source == story.source for other in found)
        found.append(
            Member(
                name=name,
                chosen=name == outcome["winner"],
                figures=_figures(outcome["members"].get(name)),
                rows=read_metrics(place),
                story=None if told else story,
            )
        )
    return found


def _figures(measures: dict[str, Any] | None) -> list[tuple[str, str]]:
    if measures is None:
        return []
    time = measures["time_to_recovery"]
    return [
        ("Success rate", percent(measures["success_rate"])),
        ("Return", count(measures["return"])),
        ("Steps to recovery", "never" if time is None else count(time)),
        ("Retention", "-" if measures["retention"] is None else percent(measures["retention"])),
    ]
