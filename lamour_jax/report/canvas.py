"""A drawing as SVG to be set into a page, in the page's own colours and letters.

Matplotlib draws with stand-ins for colours; they become CSS variables, so that one drawing serves
light and dark. The page defines --grid, --curve and the rest; text has the colour around it.
"""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from lamour_jax.report.figures import count

INK, GRID, CURVE, REFERENCE = "#010101", "#010102", "#010103", "#010104"
GOOD, FOURTH = "#010105", "#010106"
_IN_THE_PAGE = {
    INK: "currentColor",
    GRID: "var(--grid)",
    CURVE: "var(--curve)",
    REFERENCE: "var(--reference)",
    GOOD: "var(--good)",
    FOURTH: "var(--keyword)",
}
# Curves in one drawing are told apart by colour and by dash.
LINES = [(c, d) for d in ("-", (0, (4, 1.5)), (0, (1, 1.2))) for c in (CURVE, GOOD, FOURTH)]
ORIGINAL: dict[str, Any] = {"color": REFERENCE, "ls": (0, (5, 3)), "lw": 1.5}  # its line
LARGE, SMALL = (4.6, 2.9), (4.6, 2.3)  # inches at 72 pixels: a phone's width
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
}

Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Plot:
    """A drawing for a page.

    Attributes:
      title: what it shows.
      summary: the same in a sentence with its figures, for those who do not see it.
      svg: an <svg> element without size: the page gives it one.
    """

    title: str
    summary: str
    svg: str


class Clock:
    """Updates [N] of some rows, and the minutes at which they were reached."""

    def __init__(self, rows: Rows):
        self.updates = column(rows, "updates")
        self.minutes = column(rows, "seconds") / 60

    def add_axis(self, ax: Axes) -> None:
        """Marks the wall clock along the top, at the ticks of the updates."""
        ticks = [tick for tick in ax.get_xticks() if self.updates[0] <= tick <= self.updates[-1]]
        top = ax.secondary_xaxis("top")
        minutes = np.interp(ticks, self.updates, self.minutes)
        digits = 0 if self.minutes[-1] >= 10 else 1
        top.set_xticks(ticks, [f"{minute:.{digits}f} min" for minute in minutes])
        top.spines["top"].set_visible(False)


def drawn(
    name: str,
    size: tuple[float, float],
    draw: Callable[[Axes], None],
    *,
    clock: Clock | None = None,
    along: str = "gradient updates",
) -> str:
    """What `draw` draws, as an element of a page.

    Args:
      name: of the drawing, no other's on the page.
      clock: where its wall clock is to be marked along the top.
      along: what lies along the x axis.
    """
    # The salt keeps the ids of several drawings on one page apart, and equal from run to run.
    style: Any = {**_STYLE, "svg.hashsalt": name}  # matplotlib's own type lists every name it knows
    with rc_context(style):
        figure = Figure(figsize=size, layout="constrained")
        ax = figure.add_subplot()
        draw(ax)
        ax.set_xlabel(along)
        ax.xaxis.set_major_locator(MaxNLocator(5))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: count(x)))
        if not isinstance(ax.yaxis.get_major_formatter(), PercentFormatter):
            ax.yaxis.set_major_formatter(
                FuncFormatter(lambda y, _: f"{y:,g}".replace(",", "\u202f"))
            )
        if clock is not None:
            clock.add_axis(ax)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True)
    return _for_page(buffer.getvalue())


def in_shares(ax: Axes) -> None:
    """The y axis from 0% to 100%."""
    ax.set_ylim(-0.04, 1.06)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def column(rows: Rows, name: str) -> np.ndarray:
    """One entry of all rows, [N]."""
    return np.array([row[name] for row in rows], float)


def course(what: str, values: np.ndarray, clock: Clock, show: Callable[[float], str]) -> str:
    """A curve in a sentence."""
    return (
        f"{what}: {show(values[0])} after {count(clock.updates[0])} updates, {show(values[-1])}"
        f" after {count(clock.updates[-1])}; lowest {show(values.min())}, highest"
        f" {show(values.max())}."
    )


def _for_page(svg: str) -> str:
    """Matplotlib's SVG file as an element of a page: its colours, its letters, no unused ids."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', r"<svg \1>", svg, count=1)
    used = set(re.findall(r"(?:url\(|href=\")#([\w-]+)", svg))
    svg = re.sub(r' id="([^"]*)"', lambda m: m[0] if m[1] in used else "", svg)
    svg = re.sub(r"font-family: [^;\"]*;? ?", "", svg)
    for stand_in, colour in _IN_THE_PAGE.items():
        svg = svg.replace(stand_in, colour)
    return svg
