"""The bench as one picture: robots, batches, parts, peers."""

import io
import textwrap
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from lamour_jax.bench import learner, physics, training
from lamour_jax.bench.table import Row
from lamour_jax.files import write_atomically

_INK, _GRID, PALE = "#222222", "#dddddd", "#9a9a9a"
COLOURS = ("#2563a8", "#d1722c", "#3a8f5c", "#8a4fa3", "#b8a02e", "#bf4055", "#9a9a9a")
STYLE: dict[str, Any] = {
    "font.size": 9.5,
    "text.color": _INK,
    "axes.edgecolor": _GRID,
    "axes.labelcolor": _INK,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": _GRID,
    "grid.linewidth": 0.8,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
}

Rows = Sequence[Row]


def save_plot(path: Path, rows: Rows, title: str) -> bool:
    """Draws whatever parts were measured; False where that is nothing."""
    measured = [row for row in rows if row.value is not None]
    drawings = [
        (draw, chosen)
        for part, draws in _DRAWINGS.items()
        if (chosen := [row for row in measured if row.part == part])
        for draw in draws
    ]
    if not drawings:
        return False
    columns = min(2, len(drawings))
    lines = -(-len(drawings) // columns)
    style: Any = STYLE  # matplotlib's own type lists every name it knows
    with rc_context(style):
        figure = Figure(figsize=(5.4 * columns, 3.7 * lines + 0.4), layout="constrained")
        grid = figure.add_gridspec(lines, columns)
        for number, (draw, chosen) in enumerate(drawings):
            line, column = divmod(number, columns)
            alone = column == 0 and number == len(drawings) - 1
            draw(figure.add_subplot(grid[line, :] if alone else grid[line, column]), chosen)
        figure.suptitle(
            textwrap.fill(title, 80 * columns), x=0.01, ha="left", fontsize=9.5, color=_INK
        )
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=130)
    write_atomically(path, picture.getvalue())
    return True


def _draw_physics(ax: Axes, rows: Rows) -> None:
    for style, points in _lines(rows):
        _spread(ax, [row.num_envs or 0 for row in points], points, **style)
    _logarithmic(ax, sorted({row.num_envs or 0 for row in rows}))
    ax.set(title="Control steps per second of all robots", xlabel="robots")
    ax.legend(loc="best")


def _draw_memory(ax: Axes, rows: Rows) -> None:
    for style, points in _lines([row for row in rows if row.memory_bytes is not None]):
        counts = [row.num_envs or 0 for row in points]
        ax.plot(counts, [(row.memory_bytes or 0) / 1e6 for row in points], **style)
    _logarithmic(ax, sorted({row.num_envs or 0 for row in rows}))
    ax.set(title="Memory of the program, MB", xlabel="robots")
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    ax.legend(loc="best")


def _lines(rows: Rows) -> list[tuple[dict[str, Any], list[Row]]]:
    """(style, points) of each engine's environment, and dashed of what it is held against."""
    lines: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        lines[row.engine, row.what].append(row)
    engines = sorted({row.engine for row in rows})

    def style(engine: str, what: str) -> dict[str, Any]:
        ours = what == "environment"
        return {
            "color": COLOURS[engines.index(engine)],
            "ls": "-" if ours else (0, (3, 2)),
            "label": f"environment, {engine}" if ours else what,
        }

    return [(style(*line), points) for line, points in lines.items()]


def _draw_learner(ax: Axes, rows: Rows) -> None:
    points = [row for row in rows if row.batch is not None]
    batches = [row.batch or 0 for row in points]
    _spread(ax, batches, points, color=COLOURS[0], marker="o", markersize=4)
    for batch, row in zip(batches, points, strict=True):
        if row.ratio is not None and row.value is not None:
            ax.annotate(
                f"{row.ratio:.0%}",
                (batch, row.value),
                xytext=(5, 5),
                textcoords="offset points",
                color=PALE,
            )
    _logarithmic(ax, batches)
    ax.set(title="SAC updates/s, with their share of matrix products", xlabel="batch size")


def _draw_training(ax: Axes, rows: Rows) -> None:
    bars: dict[str, list[Row]] = defaultdict(list)
    heads = {}
    for row in rows:
        part, preset = row.what.split(", preset ")
        if part == training.WHOLE:
            heads[preset] = row
        else:
            bars[preset].append(row)
    for height, pieces in enumerate(bars.values()):
        left = 0.0
        for piece, colour in zip(pieces, COLOURS, strict=True):
            # A difference of two measurements may come out a little below zero.
            width = max(0.0, piece.ratio or 0.0)
            label = piece.what.split(", preset ")[0] if height == 0 else None
            ax.barh(height, width, left=left, height=0.5, color=colour, label=label)
            if width > 0.07:
                middle = left + width / 2
                ax.text(middle, height, f"{width:.0%}", ha="center", va="center", color="white")
            left += width
    names = [
        f"{preset}\n{_plain(heads[preset].value or 0.0)} steps/s,\n"
        f"num_envs {heads[preset].num_envs}, batch {heads[preset].batch}"
        for preset in bars
    ]
    ax.set_yticks(range(len(bars)), names)
    ax.invert_yaxis()
    ax.set_xlim(0, None)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:.0%}"))
    ax.set_title("SAC training: where the time goes", loc="left")
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.08), ncols=4, columnspacing=1.0)


def _draw_peers(ax: Axes, rows: Rows) -> None:
    peers = [row for row in rows if not row.ratio_to]
    for height, peer in enumerate(peers):
        group = [peer, *(row for row in rows if row.ratio_to == peer.what)]
        thickness = 0.8 / len(group)
        for place, row in enumerate(group):
            y = height - 0.4 + thickness * (place + 0.5)
            colour = PALE if row is peer else COLOURS[place - 1]
            ax.barh(y, row.value or 0.0, height=0.9 * thickness, color=colour)
            times = "" if row is peer else f"  ({row.ratio:.2f} times) {row.what}"
            ax.annotate(
                f"{_plain(row.value or 0.0)}{times}",
                (row.value or 0.0, y),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=7.5,
            )
    ax.set_xscale("log")
    ax.margins(x=0.3)
    ax.set_yticks(range(len(peers)), [peer.what for peer in peers])
    ax.invert_yaxis()
    ax.set(title="Control steps per second: peers in grey, and ours", xlabel="")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _plain(x)))
    ax.xaxis.set_minor_locator(NullLocator())


_DRAWINGS = {
    physics.PART: (_draw_physics, _draw_memory),
    learner.PART: (_draw_learner,),
    training.PART: (_draw_training,),
    "peers": (_draw_peers,),
}


def _spread(ax: Axes, x: Sequence[float], rows: Rows, **style: Any) -> None:
    """A line through the medians with the turns' range around it."""
    low, high = ([getattr(row, end) for row in rows] for end in ("low", "high"))
    ax.fill_between(x, np.array(low, float), np.array(high, float), color=style["color"],
                    alpha=0.15, lw=0)  # fmt: skip
    ax.plot(x, [row.value or 0.0 for row in rows], **style)


def _logarithmic(ax: Axes, ticks: Sequence[int]) -> None:
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.grid(True)
    ax.set_xticks(ticks, [_plain(tick) for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: _plain(y)))


def _plain(number: float) -> str:
    """12345.6 -> '12 346', with a space that does not break."""
    return f"{number:,.0f}".replace(",", "\u202f")
