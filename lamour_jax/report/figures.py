"""The headline figures of a run, in words and units that people read."""

from dataclasses import dataclass
from typing import Any

STARTS = {"ood": "OOD starts", "battery": "battery poses"}
PLACES = {**STARTS, "ood_exact": "the exact published start", "normal": "normal starts"}


@dataclass(frozen=True)
class Headline:
    """One figure: its name, its value with unit, and what to hold it against."""

    label: str
    value: str
    note: str


def headlines(outcome: dict[str, Any], dt: float) -> list[Headline]:
    """The figures that matter of a run's metrics.json.

    Args:
      outcome: its content.
      dt: seconds per control step.
    """
    before, after, start = outcome["original"], outcome["recovered"], outcome["start"]
    normal_return = before["normal"]["return"]
    return [
        Headline(
            "Success rate",
            percent(outcome["success_rate"]),
            f"of {after[start]['episodes']} episodes from {STARTS[start]}; the original policy:"
            f" {percent(before[start]['success_rate'])}",
        ),
        Headline(
            "Return",
            count(outcome["return"]),
            f"from {STARTS[start]}; the original policy gets {count(normal_return)} from normal"
            f" starts, {count(before[start]['return'])} from these",
        ),
        _time_to_recovery(outcome["time_to_recovery"], dt),
        Headline(
            "Retention",
            "none to keep" if outcome["retention"] is None else percent(outcome["retention"]),
            f"of the original policy's return is kept from normal starts:"
            f" {count(after['normal']['return'])}",
        ),
        *_elsewhere(before, after, start),
        Headline("Wall clock", duration(outcome["seconds"]), "of training and judging"),
    ]


def _elsewhere(before: dict[str, Any], after: dict[str, Any], start: str) -> list[Headline]:
    """Success from starts that the run's episodes did not begin at."""
    return [
        Headline(
            f"Success from {name}",
            percent(after[other]["success_rate"]),
            f"of {after[other]['episodes']} episodes, where no training episode began; the"
            f" original policy: {percent(before[other]['success_rate'])}",
        )
        for other, name in STARTS.items()
        if other != start and other in after
    ]


def _time_to_recovery(steps: float | None, dt: float) -> Headline:
    if steps is None:
        return Headline("Time to recovery", "never", "no episode reached a lasting healthy state")
    return Headline(
        "Time to recovery", f"{steps * dt:.1f} s", f"median, {count(steps)} control steps"
    )


def percent(share: float) -> str:
    """0.9844 -> '98%'; never rounded up to a perfect score or down to none."""
    value = round(100 * share)
    if (value == 100 and share < 1) or (value == 0 and share > 0):
        return f"{100 * share:.1f}%"
    return f"{value}%"


def count(number: float) -> str:
    """12345.6 -> '12 346', with a space that does not break (U+202F); -0.1 -> '0'."""
    return f"{number:z,.0f}".replace(",", "\u202f")


def duration(seconds: float) -> str:
    """83 -> '83 s', 754 -> '12.6 min', 9000 -> '2.5 h'."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
