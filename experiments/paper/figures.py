"""Drawings and tables of the grid's results, from the committed tables alone.

    python -m experiments.paper.figures

Writes docs/images/paper_PRESET_POLICIES_*.png, and what is between the markers in docs/results.md.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.original_policies import ROOT
from experiments.paper import summary
from experiments.paper.drawings import draw_aggregates, draw_curves
from experiments.paper.grid import ABLATIONS, COMPARED
from experiments.paper.results import Result, load_results, of, robots_of
from lamour_jax.errors import UserError
from lamour_jax.files import write_atomically

PRESETS = ("fast", "paper")
BEGIN, END = "<!-- paper: begin -->", "<!-- paper: end -->"


def make_figures(
    results: Path = ROOT / "experiments" / "results", docs: Path = ROOT / "docs"
) -> list[Path]:
    """Draws every table in `results`; returns the pictures.

    Raises:
      UserError: no table, or no markers in docs/results.md.
    """
    page = docs / "results.md"
    before, rest = _split(page, BEGIN)
    sections, pictures = [], []
    for preset in PRESETS:
        for policies, cells in load_results(results, preset).items():
            name = f"paper_{preset}_{policies}"
            drawn = _draw(docs / "images", name, cells)
            pictures += drawn
            sections.append(_section(preset, policies, cells, drawn))
    if not sections:
        raise UserError(f"no results in {results}: run python -m experiments.paper first")
    text = "\n\n".join([before + BEGIN, *sections, END])
    write_atomically(page, (text + rest.partition(END)[2]).encode())
    return pictures


def _draw(folder: Path, name: str, cells: Sequence[Result]) -> list[Path]:
    robots, methods = robots_of(cells), _present(cells, COMPARED)
    drawn = []
    for clock in ("updates", "minutes"):
        drawn.append(folder / f"{name}_{clock}.png")
        draw_curves(drawn[-1], cells, robots, methods, clock)
    robots, methods = _comparable(cells)
    if robots:
        drawn.append(folder / f"{name}_aggregates.png")
        draw_aggregates(drawn[-1], cells, robots, methods)
    if ablations := _present(cells, ABLATIONS):
        drawn.append(folder / f"{name}_ablations.png")
        ablated = robots_of(cell for cell in cells if cell.cell.method in ABLATIONS)
        draw_curves(drawn[-1], cells, ablated, ["lamour", *ablations], "updates")
    return drawn


def _section(preset: str, policies: str, cells: Sequence[Result], drawn: Sequence[Path]) -> str:
    parts = [f"### Preset `{preset}`, {policies} policies", summary.machines(cells)]
    robots, methods = _comparable(cells)
    if robots:
        parts.append(summary.over_robots(cells, robots, methods))
    parts.append(summary.per_robot(cells))
    parts += [f"![{_CAPTIONS[_kind(path)]}](images/{path.name})" for path in drawn]
    return "\n\n".join(parts)


_CAPTIONS = {
    "updates": "Return and success rate from OOD starts over gradient updates, by robot and method",
    "minutes": "The same over wall clock",
    "aggregates": "Interquartile means over those robots and seeds, with 95% intervals",
    "ablations": "The same for LaMOuR and its ablations",
}


def _kind(path: Path) -> str:
    return path.stem.rpartition("_")[2]


def _present(cells: Sequence[Result], methods) -> list[str]:
    return [method for method in methods if any(cell.cell.method == method for cell in cells)]


def _comparable(cells: Sequence[Result]) -> tuple[list[str], list[str]]:
    """The methods that half of the robots have, and the robots that have all of these: only they
    can be compared over robots."""
    robots = robots_of(cells)
    had = {method: [r for r in robots if of(cells, r, method)] for method in COMPARED}
    methods = [method for method in COMPARED if 2 * len(had[method]) >= len(robots)]
    return [r for r in robots if all(r in had[method] for method in methods)], methods


def _split(page: Path, marker: str) -> tuple[str, str]:
    before, found, rest = page.read_text().partition(marker)
    if not found or END not in rest:
        raise UserError(f"{page} has no place for the results: put {BEGIN} and {END} into it")
    return before, rest


def main() -> int:
    """The command line."""
    argparse.ArgumentParser(
        prog="python -m experiments.paper.figures", description=__doc__.splitlines()[0]
    ).parse_args()
    try:
        pictures = make_figures()
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(map(str, pictures)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
