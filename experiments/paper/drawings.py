"""Drawings of a grid's results, in the manner of the paper's figures."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from experiments.original_policies import published_name
from experiments.paper.grid import VARIANTS
from experiments.paper.results import MEASURES, Result, course, of
from experiments.paper.statistics import interval, iqm, iqm_over
from lamour_jax.bench.plot import COLOURS, PALE, STYLE
from lamour_jax.files import write_atomically
from lamour_jax.report.figures import count

_COLOUR = dict(zip(VARIANTS, (*COLOURS[:4], "#7a5c3e", *COLOURS[4:6], "#2a9d9d"), strict=True))
_TITLES = {"return": "return", "success_rate": "success rate"}
_CLOCKS = {"updates": "gradient updates", "minutes": "minutes"}
_AGGREGATES = {
    "return / original policy's": lambda result: result.normalised,
    "success rate": lambda result: result.value("success_rate"),
    "retention": lambda result: result.value("retention"),
}
_WIDEST = 4  # panels in a row
_DENSE = 60  # points of a curve, from which its lines are drawn finer


def draw_curves(
    path: Path, results: Sequence[Result], robots: Sequence[str], methods: Sequence[str], clock: str
) -> None:
    """Return and success rate at every evaluation, a panel a robot, a colour a method.

    Args:
      clock: what lies along the x axis, "updates" or "minutes".
    """
    columns = len(robots) if len(robots) <= _WIDEST else -(-len(robots) // 2)
    bands = -(-len(robots) // columns)
    with rc_context(_style()):
        figure = Figure(figsize=(3.1 * columns + 0.4, 4.6 * bands + 0.4), layout="constrained")
        axes = figure.subplots(2 * bands, columns, squeeze=False)
        for number, robot in enumerate(robots):
            band, column = divmod(number, columns)
            pair = axes[2 * band : 2 * band + 2, column]
            for ax, measure in zip(pair, MEASURES, strict=True):
                shown = {m: seeds for m in methods if (seeds := of(results, robot, m))}
                _panel(ax, shown, measure, clock)
                ax.set_ylabel("" if column else _TITLES[measure])
            pair[0].set_title(published_name(robot))
            pair[1].set_xlabel(_CLOCKS[clock])
        for ax in axes[-2:, (len(robots) - 1) % columns + 1 :].flat:
            ax.set_axis_off()
        _legend(figure)
        _save(figure, path)


def draw_aggregates(
    path: Path, results: Sequence[Result], robots: Sequence[str], methods: Sequence[str]
) -> None:
    """IQM over all robots and seeds of each method, with intervals."""
    with rc_context(_style()):
        figure = Figure(figsize=(9.2, 0.42 * len(methods) + 1.0), layout="constrained")
        axes = figure.subplots(1, len(_AGGREGATES), sharey=True)
        for ax, (title, value) in zip(axes, _AGGREGATES.items(), strict=True):
            for height, method in enumerate(methods):
                strata = [[value(r) for r in of(results, robot, method)] for robot in robots]
                _bar(ax, height, strata, _COLOUR[method])
            ax.set_title(title)
            ax.grid(True, axis="x")
            ax.set_xlim(min(-0.02, ax.get_xlim()[0]), max(1.05, ax.get_xlim()[1]))
            ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes[0].set_yticks(range(len(methods)), [VARIANTS[method].label for method in methods])
        axes[0].invert_yaxis()
        _save(figure, path)


def _bar(ax: Axes, height: int, strata: list[list[float]], colour: str) -> None:
    low, high = interval(strata)
    ax.barh(height, high - low, left=low, height=0.5, color=colour, alpha=0.3, lw=0)
    ax.plot([iqm_over(strata)] * 2, [height - 0.25, height + 0.25], color=colour)


def _panel(ax: Axes, shown: Mapping[str, list[Result]], measure: str, clock: str) -> None:
    """One measure of one robot, with the seeds of each method."""
    for method, seeds in reversed(shown.items()):  # the first one on top
        _curve(ax, seeds, measure, clock, color=_COLOUR[method], label=VARIANTS[method].label)
    if measure == "return":
        originals = [seed.original for seeds in shown.values() for seed in seeds]
        label = "original policy, normal starts"
        ax.axhline(iqm(originals), color=PALE, ls=(0, (5, 3)), lw=1.4, label=label, zorder=1)
        ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: count(y)))
        ax.margins(y=0.07)
    else:
        ax.set_ylim(-0.04, 1.06)
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.grid(True)
    ax.set_xlim(0, None)
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    if clock == "updates":
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _thousands(x)))


def _curve(ax: Axes, seeds: Sequence[Result], measure: str, clock: str, **style: Any) -> None:
    """A thick line for the seeds together; with several, their interval and a thin line each."""
    whole = course(seeds, measure)
    x = getattr(whole, clock)
    colour, fine = style["color"], len(x) > _DENSE
    if len(seeds) > 1:
        ax.fill_between(x, whole.low, whole.high, color=colour, alpha=0.15, lw=0)
        for seed in seeds:
            ax.plot(
                getattr(seed, clock),
                seed.curve[measure],
                color=colour,
                lw=0.4 if fine else 0.6,
                alpha=0.6,
            )
    ax.plot(x, whole.middle, lw=1.1 if fine else 1.8, **style)


def _legend(figure: Figure) -> None:
    """One for all panels, each method once."""
    entries = {
        label: handle
        for ax in figure.axes
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)
    }
    order = [variant.label for variant in VARIANTS.values()]
    labels = sorted(entries, key=lambda label: order.index(label) if label in order else len(order))
    handles = [entries[label] for label in labels]
    fitting = int(figure.get_figwidth() / 1.9)
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=min(fitting, len(labels)),
        columnspacing=1.4,
    )


def _thousands(x: float) -> str:
    return f"{x / 1e6:g}M" if x >= 1e6 else f"{x / 1e3:g}k" if x else "0"


def _style() -> Any:
    return {**STYLE, "font.size": 10.5, "axes.titlesize": 11.5}


def _save(figure: Figure, path: Path) -> None:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=130)
    write_atomically(path, picture.getvalue())
