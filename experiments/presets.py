"""Learning curves of the presets over wall clock: which is the quickest way to recovery here?

    lamour recover --env half_cheetah --preset scale --out runs/scale     # and the others
    python -m experiments.presets runs/fast runs/paper runs/scale runs/ppo

The evaluations of the runs go to results/presets.csv, the drawing to docs/images/presets.png.
"""

import argparse
import csv
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from lamour_jax.runs import read_config, read_metrics

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "presets.csv"
IMAGE = HERE.parent / "docs" / "images" / "presets.png"
COLUMNS = ("robot", "learner", "preset", "num_envs", "seed", "updates", "env_steps", "seconds",
           "return", "success_rate")  # fmt: skip
PANELS = {"return": "return from OOD starts", "success_rate": "success rate from OOD starts"}


def evaluations(folder: Path) -> list[dict[str, Any]]:
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


def draw(runs: list[list[dict[str, Any]]], path: Path) -> None:
    """Both measures of each run over minutes."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for ax, (column, title) in zip(figure.subplots(1, 2), PANELS.items(), strict=True):
        for rows in runs:
            _curve(ax, rows, column)
        ax.set(xlabel="minutes", title=title)
        ax.grid(alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    figure.legend(
        *ax.get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=4
    )
    figure.savefig(path, dpi=120)


def _curve(ax: Axes, rows: list[dict[str, Any]], column: str) -> None:
    first = rows[0]
    robots = f"{first['num_envs']} robot{'s' if first['num_envs'] > 1 else ''}"
    label = f"{first['learner'].upper()} {first['preset']} ({robots})"
    minutes = [row["seconds"] / 60 for row in rows]
    ax.plot(minutes, [row[column] for row in rows], marker=".", label=label)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+", help="run folders of `lamour recover`")
    runs = [evaluations(folder) for folder in parser.parse_args().runs]
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for rows in runs for row in rows)
    draw(runs, IMAGE)
    print(f"{sum(map(len, runs))} evaluations of {len(runs)} runs: {RESULTS}, {IMAGE}")


if __name__ == "__main__":
    main()
