"""Learning curves of the presets over wall clock: which is the quickest way to recovery here?

    lamour recover --env half_cheetah --preset paper --out runs/paper     # and the others
    python -m experiments.presets runs/fast runs/paper

The drawing of these runs goes to docs/images/presets.png: take runs of one machine. Their
evaluations go to results/presets.csv, in place of what it has of the same robot, learner, preset
and seed.
"""

import argparse
import csv
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from experiments.original_policies import published_name
from lamour_jax.runs import read_config, read_metrics

Rows = list[dict[str, Any]]

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "presets.csv"
IMAGE = HERE.parent / "docs" / "images" / "presets.png"
COLUMNS = ("robot", "learner", "preset", "num_envs", "seed", "updates", "env_steps", "seconds",
           "return", "success_rate")  # fmt: skip
KEY = ("robot", "learner", "preset", "seed")  # of a run
PANELS = {"return": "return from OOD starts", "success_rate": "success rate from OOD starts"}


def evaluations(folder: Path) -> Rows:
    """A row of COLUMNS for each evaluation of the run in `folder`."""
    config = read_config(folder)
    learner = config["learner"]
    about = {
        "robot": config["robot"],
        "learner": learner,
        "preset": config["preset"],
        "num_envs": config[learner]["num_envs"],
        "seed": config["train"]["seed"],
    }
    return [
        {name: (about | row)[name] for name in COLUMNS}
        for row in read_metrics(folder)
        if row["kind"] == "evaluation"
    ]


def merged(runs: list[Rows], path: Path) -> Rows:
    """The rows of `runs`, and those of other runs in the table at `path`."""
    new = [row for rows in runs for row in rows]
    ran = {_key(row) for row in new}
    with path.open(newline="") as file:
        return [row for row in csv.DictReader(file) if _key(row) not in ran] + new


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in KEY)


def draw(runs: list[Rows], path: Path) -> None:
    """Both measures of each run over minutes, robot by robot."""
    robots = list(dict.fromkeys(rows[0]["robot"] for rows in runs))
    colours = {label: f"C{n}" for n, label in enumerate(dict.fromkeys(map(_label, runs)))}
    figure = Figure(figsize=(9, 3.2 * len(robots) + 0.4), layout="constrained")
    panels = figure.subplots(len(robots), len(PANELS), squeeze=False)
    for robot, row in zip(robots, panels, strict=True):
        own = [rows for rows in runs if rows[0]["robot"] == robot]
        for ax, (column, title) in zip(row, PANELS.items(), strict=True):
            _panel(ax, own, column, colours)
            ax.set_title(f"{published_name(robot)}: {title}")
        row[-1].yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    handles = [Line2D([], [], color=colour, label=label) for label, colour in colours.items()]
    figure.legend(handles=handles, frameon=False, loc="outside lower center", ncols=4)
    figure.savefig(path, dpi=120)


def _panel(ax: Axes, runs: list[Rows], column: str, colours: dict[str, str]) -> None:
    """One measure of a robot's runs, each in its label's colour."""
    for rows in runs:
        minutes = [row["seconds"] / 60 for row in rows]
        ax.plot(minutes, [row[column] for row in rows], marker=".", color=colours[_label(rows)])
    ax.set_xlabel("minutes")
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)


def _label(rows: Rows) -> str:
    first = rows[0]
    robots = f"{first['num_envs']} robot{'s' if first['num_envs'] > 1 else ''}"
    return f"{first['learner'].upper()} {first['preset']} ({robots})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+", help="run folders of `lamour recover`")
    runs = [evaluations(folder) for folder in parser.parse_args().runs]
    table = merged(runs, RESULTS)
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    draw(runs, IMAGE)
    print(f"{sum(map(len, runs))} evaluations of {len(runs)} runs: {RESULTS}, {IMAGE}")


if __name__ == "__main__":
    main()
