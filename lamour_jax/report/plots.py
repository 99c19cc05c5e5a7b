"""The curves of one run: how its evaluations went, and its training."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from lamour_jax.report.canvas import (
    CURVE,
    LARGE,
    ORIGINAL,
    REFERENCE,
    SMALL,
    Clock,
    Plot,
    Rows,
    column,
    course,
    drawn,
    in_shares,
)
from lamour_jax.report.figures import count

_POINTS = 300  # of a curve: more cannot be seen, and would only make the page heavy


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
    clock = Clock(evaluations)
    returns = column(evaluations, "return")
    success = column(evaluations, "success_rate")

    def draw_return(ax: Axes) -> None:
        spread = column(evaluations, "return_std")
        ax.fill_between(
            clock.updates, returns - spread, returns + spread, color=CURVE, alpha=0.18, lw=0
        )
        ax.plot(clock.updates, returns, color=CURVE)
        ax.axhline(original_return, **ORIGINAL)
        ax.margins(y=0.12)
        ax.annotate(
            "original policy, normal starts",
            (0.01, original_return),
            xycoords=("axes fraction", "data"),
            xytext=(0, 4),
            textcoords="offset points",
            color=REFERENCE,
        )

    def draw_success(ax: Axes) -> None:
        ax.plot(clock.updates, success, color=CURVE)
        in_shares(ax)

    return [
        Plot(
            "Return per episode in evaluations",
            f"{course('Return', returns, clock, count)} The original policy gets"
            f" {count(original_return)} from normal starts.",
            drawn("return", LARGE, draw_return, clock=clock),
        ),
        Plot(
            "Success rate in evaluations",
            course("Success rate", success, clock, "{:.0%}".format),
            drawn("success", LARGE, draw_success, clock=clock),
        ),
    ]


def training_curves(rows: Rows) -> list[Plot]:
    """How training itself went: shares of healthy and of recovered states; SAC's temperature."""
    epochs = [row for row in rows if row["kind"] == "epoch"]
    if len(epochs) < 2:
        return []
    clock = Clock(epochs)
    plots = [_shares(epochs, clock)]
    if "train/alpha" in epochs[0]:
        plots.append(_temperature(epochs, clock))
    return plots


def _shares(epochs: Rows, clock: Clock) -> Plot:
    healthy = column(epochs, "recovery/healthy")
    recovered = column(epochs, "recovery/recovered")

    def draw(ax: Axes) -> None:
        _thin_plot(ax, clock.updates, healthy, color=CURVE, label="healthy")
        if recovered.any():  # baselines ask no program whether a state is recovered
            _thin_plot(
                ax, clock.updates, recovered, color=REFERENCE, ls=(0, (2, 1.2)), label="recovered"
            )
        in_shares(ax)
        ax.legend(frameon=False, loc="lower right", handlelength=1.8)

    return Plot(
        "Share of healthy and of recovered states while training",
        course("The share of healthy states", healthy, clock, "{:.0%}".format),
        drawn("shares", SMALL, draw, clock=clock),
    )


def _temperature(epochs: Rows, clock: Clock) -> Plot:
    alpha = column(epochs, "train/alpha")

    def draw(ax: Axes) -> None:
        _thin_plot(ax, clock.updates, alpha, color=CURVE)
        ax.set_ylim(0, 1.1 * alpha.max())

    return Plot(
        "Temperature (weight of the entropy)",
        course("The temperature", alpha, clock, "{:.3f}".format),
        drawn("alpha", SMALL, draw, clock=clock),
    )


def _thin_plot(ax: Axes, x: np.ndarray, y: np.ndarray, **style: Any) -> None:
    """Plots means of neighbours where a curve has too many points."""
    blocks = min(_POINTS, len(x))
    ax.plot(*([part.mean() for part in np.array_split(values, blocks)] for values in (x, y)),
            **style)  # fmt: skip
