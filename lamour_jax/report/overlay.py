"""The curves of several trainings in one drawing: of a population's members, or of several runs."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from lamour_jax.report.canvas import (
    LARGE,
    LINES,
    ORIGINAL,
    Clock,
    Plot,
    Rows,
    column,
    course,
    drawn,
    in_shares,
)
from lamour_jax.report.figures import count


@dataclass(frozen=True)
class Measure:
    """What is drawn of evaluations: its name in their rows, in words, and how a value is said."""

    field: str
    title: str
    show: Callable[[float], str]


RETURN = Measure("return", "Return", count)
SUCCESS = Measure("success_rate", "Success rate", "{:.0%}".format)
UPDATES, MINUTES = "gradient updates", "minutes"


def overlay(
    name: str,
    trainings: Sequence[tuple[str, Rows]],
    measure: Measure,
    *,
    along: str = UPDATES,
    originals: Mapping[str, float] | None = None,
) -> Plot | None:
    """A measure at each evaluation of every (name, rows) of metrics.jsonl.

    Args:
      name: of the drawing, no other's on the page.
      along: UPDATES or MINUTES.
      originals: the original policies' returns from normal starts, drawn as dashed lines, by what
        they are called.

    Returns None where no training has two evaluations.
    """
    curves = [(of, [r for r in rows if r["kind"] == "evaluation"]) for of, rows in trainings]
    curves = [(of, rows) for of, rows in curves if len(rows) > 1]
    if not curves:
        return None
    lines = originals or {}

    def draw(ax: Axes) -> None:
        for (of, rows), (colour, dash) in zip(curves, itertools.cycle(LINES)):
            clock = Clock(rows)
            x = clock.updates if along == UPDATES else clock.minutes
            ax.plot(x, column(rows, measure.field), c=colour, ls=dash, label=of)
        for label, value in lines.items():
            ax.axhline(value, label=label, **ORIGINAL)
        ax.margins(y=0.12)
        if measure is SUCCESS:
            in_shares(ax)
        _add_key(ax)

    sentences = [
        course(f"{measure.title} of {of}", column(rows, measure.field), Clock(rows), measure.show)
        for of, rows in curves
    ]
    sentences += [f"{label}: {measure.show(value)}." for label, value in lines.items()]
    return Plot(
        f"{measure.title} in evaluations, over {along}",
        " ".join(sentences),
        drawn(name, _size(len(curves) + len(lines)), draw, along=along),
    )


def _add_key(ax: Axes) -> None:
    """Names the curves above the drawing, where none of them can run."""
    ax.legend(
        frameon=False, loc="lower left", bbox_to_anchor=(0.0, 1.0), handlelength=2.2,
        borderaxespad=0.2, labelspacing=0.3, ncols=1,
    )  # fmt: skip


def _size(entries: int) -> tuple[float, float]:
    """Higher by a line for each curve that is named."""
    width, height = LARGE
    return width, height + 0.2 * entries
