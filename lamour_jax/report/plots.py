"""Learning curves as SVG to be set into a page, in the page's own colours and letters.

Matplotlib draws with stand-ins for colours; they become CSS variables, so that one drawing serves
light and dark. The page defines --grid, --curve and --reference; text has the colour around it.
"""

import io
import itertools
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

_INK, _GRID, _CURVE, _REFERENCE = "#010101", "#010102", "#010103", "#010104"
_GOOD, _FOURTH = "#010105", "#010106"
_IN_THE_PAGE = {
    _INK: "currentColor",
    _GRID: "var(--grid)",
    _CURVE: "var(--curve)",
    _REFERENCE: "var(--reference)",
    _GOOD: "var(--good)",
    _FOURTH: "var(--keyword)",
}
# Members of a population are told apart by colour and by dash.
_MEMBERS = [(c, d) for d in ("-", (0, (4, 1.5)), (0, (1, 1.2))) for c in (_CURVE, _GOOD, _FOURTH)]
_POINTS = 300  # of a curve: more cannot be seen, and would only make the page heavy
_LARGE, _SMALL = (4.6, 2.9), (4.6, 2.3)  # inches at 72 pixels: a phone's width
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _GRID,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": _GRID,
    "grid.linewidth": 0.8,
    "xtick.color": _INK,
    "ytick.color": _INK,
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


def learning_curves(rows: Rows, original_return: float) -> list[Plot]:
    """Return and success rate at each evaluation, over updates and wall clock.

    Args:
      rows: of metrics.jsonl.
      original_return: the original policy's from normal starts, drawn as a dashed line.

    Returns nothing where fewer than two evaluations were made: a point is no curve.
    """
    evaluations = [row for row in rows if row["kind"] == "evaluation"]
    if len(evaluations) < 2:
        return []
    clock = _Clock(evaluations)
    returns = _column(evaluations, "return")
    success = _column(evaluations, "success_rate")

    def draw_return(ax: Axes) -> None:
        spread = _column(evaluations, "return_std")
        ax.fill_between(
            clock.updates, returns - spread, returns + spread, color=_CURVE, alpha=0.18, lw=0
        )
        ax.plot(clock.updates, returns, color=_CURVE)
        ax.axhline(original_return, color=_REFERENCE, ls=(0, (5, 3)), lw=1.5)
        ax.margins(y=0.12)
        ax.annotate(
            "original policy, normal starts",
            (0.01, original_return),
            xycoords=("axes fraction", "data"),
            xytext=(0, 4),
            textcoords="offset points",
            color=_REFERENCE,
        )

    def draw_success(ax: Axes) -> None:
        ax.plot(clock.updates, success, color=_CURVE)
        ax.set_ylim(-0.04, 1.06)
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))

    return [
        Plot(
            "Return per episode in evaluations",
            f"{_course('Return', returns, clock, count)} The original policy gets"
            f" {count(original_return)} from normal starts.",
            _svg("return", _LARGE, clock, draw_return),
        ),
        Plot(
            "Success rate in evaluations",
            _course("Success rate", success, clock, "{:.0%}".format),
            _svg("success", _LARGE, clock, draw_success),
        ),
    ]


def comparison(members: Sequence[tuple[str, Rows]], original_return: float) -> list[Plot]:
    """Return at each evaluation of every (name, rows) of a population, in one drawing.

    Returns nothing where no member has two evaluations.
    """
    curves = [(name, [r for r in rows if r["kind"] == "evaluation"]) for name, rows in members]
    curves = [(name, rows) for name, rows in curves if len(rows) > 1]
    if not curves:
        return []
    longest = _Clock(max((rows for _, rows in curves), key=len))

    def draw(ax: Axes) -> None:
        for (name, rows), (colour, dash) in zip(curves, itertools.cycle(_MEMBERS)):
            ax.plot(
                _column(rows, "updates"), _column(rows, "return"), c=colour, ls=dash, label=name
            )
        ax.axhline(original_return, color=_REFERENCE, ls=(0, (5, 3)), lw=1.5)
        ax.legend(frameon=False, loc="lower right", handlelength=2.2)
        ax.margins(y=0.12)

    summary = " ".join(
        _course(f"Return of {name}", _column(rows, "return"), _Clock(rows), count)
        for name, rows in curves
    )
    title = "Return per episode in evaluations, every training"
    return [Plot(title, summary, _svg("comparison", _LARGE, longest, draw))]


def training_curves(rows: Rows) -> list[Plot]:
    """How training itself went: shares of healthy and of recovered states; SAC's temperature."""
    epochs = [row for row in rows if row["kind"] == "epoch"]
    if len(epochs) < 2:
        return []
    clock = _Clock(epochs)
    plots = [_shares(epochs, clock)]
    if "train/alpha" in epochs[0]:
        plots.append(_temperature(epochs, clock))
    return plots


def _shares(epochs: Rows, clock: "_Clock") -> Plot:
    healthy = _column(epochs, "recovery/healthy")
    recovered = _column(epochs, "recovery/recovered")

    def draw(ax: Axes) -> None:
        _thin_plot(ax, clock.updates, healthy, color=_CURVE, label="healthy")
        if recovered.any():  # baselines ask no program whether a state is recovered
            _thin_plot(
                ax, clock.updates, recovered, color=_REFERENCE, ls=(0, (2, 1.2)), label="recovered"
            )
        ax.set_ylim(-0.04, 1.06)
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        ax.legend(frameon=False, loc="lower right", handlelength=1.8)

    return Plot(
        "Share of healthy and of recovered states while training",
        _course("The share of healthy states", healthy, clock, "{:.0%}".format),
        _svg("shares", _SMALL, clock, draw),
    )


def _temperature(epochs: Rows, clock: "_Clock") -> Plot:
    alpha = _column(epochs, "train/alpha")

    def draw(ax: Axes) -> None:
        _thin_plot(ax, clock.updates, alpha, color=_CURVE)
        ax.set_ylim(0, 1.1 * alpha.max())

    return Plot(
        "Temperature (weight of the entropy)",
        _course("The temperature", alpha, clock, "{:.3f}".format),
        _svg("alpha", _SMALL, clock, draw),
    )


class _Clock:
    """Updates [N] of some rows, and the minutes at which they were reached."""

    def __init__(self, rows: Rows):
        self.updates = _column(rows, "updates")
        self._minutes = _column(rows, "seconds") / 60

    def add_axis(self, ax: Axes) -> None:
        """Marks the wall clock along the top, at the ticks of the updates."""
        ticks = [tick for tick in ax.get_xticks() if self.updates[0] <= tick <= self.updates[-1]]
        top = ax.secondary_xaxis("top")
        minutes = np.interp(ticks, self.updates, self._minutes)
        digits = 0 if self._minutes[-1] >= 10 else 1
        top.set_xticks(ticks, [f"{minute:.{digits}f} min" for minute in minutes])
        top.spines["top"].set_visible(False)


def _svg(name: str, size: tuple[float, float], clock: _Clock, draw: Callable[[Axes], None]) -> str:
    # The salt keeps the ids of several drawings on one page apart, and equal from run to run.
    style: Any = {**_STYLE, "svg.hashsalt": name}  # matplotlib's own type lists every name it knows
    with rc_context(style):
        figure = Figure(figsize=size, layout="constrained")
        ax = figure.add_subplot()
        draw(ax)
        ax.set_xlabel("gradient updates")
        ax.xaxis.set_major_locator(MaxNLocator(5))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: count(x)))
        if not isinstance(ax.yaxis.get_major_formatter(), PercentFormatter):
            ax.yaxis.set_major_formatter(
                FuncFormatter(lambda y, _: f"{y:,g}".replace(",", "\u202f"))
            )
        clock.add_axis(ax)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True)
    return _for_page(buffer.getvalue())


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


def _thin_plot(ax: Axes, x: np.ndarray, y: np.ndarray, **style: Any) -> None:
    """Plots means of neighbours where a curve has too many points."""
    blocks = min(_POINTS, len(x))
    ax.plot(*([part.mean() for part in np.array_split(values, blocks)] for values in (x, y)),
            **style)  # fmt: skip


def _column(rows: Rows, name: str) -> np.ndarray:
    return np.array([row[name] for row in rows], float)


def _course(what: str, values: np.ndarray, clock: _Clock, show: Callable[[float], str]) -> str:
    return (
        f"{what}: {show(values[0])} after {count(clock.updates[0])} updates, {show(values[-1])}"
        f" after {count(clock.updates[-1])}; lowest {show(values.min())}, highest"
        f" {show(values.max())}."
    )
