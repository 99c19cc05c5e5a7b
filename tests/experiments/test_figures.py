"""From a table to drawings and Markdown."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from experiments.paper import table
from experiments.paper.figures import BEGIN, END, make_figures
from experiments.paper.grid import Cell, make_cells
from experiments.paper.results import course, load_results, of
from experiments.paper.statistics import iqm
from lamour_jax.errors import UserError
from tests.experiments.made_up import ORIGINAL, made_up_rows

PAGE = f"# Results\n\nbefore\n\n{BEGIN}\nold\n{END}\n\nafter\n"


@pytest.fixture
def folders(tmp_path):
    """(results, docs) with a whole grid of preset fast and a first cell of preset paper."""
    results, docs = tmp_path / "results", tmp_path / "docs"
    docs.mkdir()
    (docs / "results.md").write_text(PAGE)
    table.write_table(
        results, "fast", table.merged([], made_up_rows(make_cells(["hopper", "ant"])))
    )
    first = made_up_rows([Cell("hopper", "sac_zero", 1)], "shipped")
    table.write_table(results, "paper", table.merged([], first))
    return results, docs


def test_figures_and_tables_come_from_the_table_alone(folders):
    results, docs = folders
    pictures = make_figures(results, docs)
    names = [path.name for path in pictures]
    assert names == [
        *(f"paper_fast_released_{kind}.png" for kind in
          ("updates", "minutes", "aggregates", "ablations")),
        *(f"paper_paper_shipped_{kind}.png" for kind in ("updates", "minutes", "aggregates")),
    ]  # fmt: skip
    for path in pictures:
        with Image.open(path) as picture:
            picture.load()
            assert picture.width > 400 and len(picture.convert("L").getcolors()) > 10
    text = (docs / "results.md").read_text()
    assert text.startswith(PAGE.partition("old")[0]) and text.endswith(f"{END}\n\nafter\n")
    assert "old" not in text
    assert all(f"](images/{name})" in text for name in names)
    make_figures(results, docs)
    assert (docs / "results.md").read_text() == text


def test_the_table_holds_ours_beside_the_paper_s(folders):
    results, docs = folders
    make_figures(results, docs)
    lines = (docs / "results.md").read_text().splitlines()
    ours = load_results(results, "fast")["released"]

    def cells_of(line: str) -> list[str]:
        return [cell.strip().replace("\u202f", " ") for cell in line.strip("|").split("|")]

    original = next(cells_of(line) for line in lines if line.startswith("| Hopper |"))
    assert original[4:6] == ["3 350", "3 340"]
    start = next(k for k, line in enumerate(lines) if line.startswith("| Hopper |"))
    lamour = cells_of(lines[start + 1])
    values = [seed.value("return") for seed in of(ours, "hopper", "lamour")]
    mean = f"{sum(values) / 3:,.0f}".replace(",", " ")
    low, high = (f"{value:,.0f}".replace(",", " ") for value in (min(values), max(values)))
    assert lamour[1:6] == ["LaMOuR", "3", "40 000", f"{mean} ({low} to {high})", "3 340"]
    assert lamour[8:] == ["40", "3"]
    sac_env = cells_of(lines[start + 4])
    assert sac_env[1:3] == ["SAC-env", "1"] and sac_env[8] == "never"
    assert "to" not in sac_env[4]  # one seed has no interval


def test_methods_are_compared_over_robots_that_have_all_of_them(folders):
    results, docs = folders
    table.write_table(
        results,
        "fast",
        table.merged(
            made_up_rows(make_cells(["hopper", "ant"])),
            made_up_rows([Cell("humanoid", "lamour", 1), Cell("push_chair", "sac_t2r", 1)]),
        ),
    )
    make_figures(results, docs)
    text = (docs / "results.md").read_text()
    section = text.partition("Over Ant, Hopper:")[2].partition("| robot |")[0]
    assert [line.split("|")[1].strip() for line in section.strip().splitlines()[2:]] == [
        "LaMOuR", "SeRO", "SAC-zero", "SAC-env",
    ]  # fmt: skip
    assert "| Humanoid |" in text and "SAC-T2R" in text


def test_seeds_meet_at_the_evaluations_that_all_have(folders):
    long, short = (made_up_rows([Cell("ant", "lamour", seed)], points=n)
                   for seed, n in ((1, 25), (2, 10)))  # fmt: skip
    table.write_table(folders[0], "fast", table.merged(long, short))
    seeds = load_results(folders[0], "fast")["released"]
    both = course(seeds, "return")
    assert both.updates.tolist() == [1600.0 * k for k in range(1, 11)]
    expected = (seeds[0].curve["return"][:10] + seeds[1].curve["return"]) / 2
    assert both.middle == pytest.approx(expected)
    assert both.minutes == pytest.approx((seeds[0].minutes[:10] + seeds[1].minutes) / 2)


def test_robots_weigh_by_what_their_original_policies_get(folders):
    seeds = of(load_results(folders[0], "fast")["released"], "ant", "lamour")
    returns = [seed.value("return") / ORIGINAL["ant"] for seed in seeds]
    assert iqm([seed.normalised for seed in seeds]) == pytest.approx(sum(returns) / 3)


def test_nothing_to_draw_or_nowhere_to_write_is_said(folders, tmp_path):
    results, docs = folders
    with pytest.raises(UserError, match="no results"):
        make_figures(tmp_path / "empty", docs)
    (docs / "results.md").write_text("no markers")
    with pytest.raises(UserError, match="paper: begin"):
        make_figures(results, docs)


def test_seeds_that_were_evaluated_at_other_updates_are_read_between(folders):
    results, _ = folders
    seed = of(load_results(results, "fast")["released"], "hopper", "lamour")[0]
    curve = {"return": np.array([0.0, 10.0, 20.0])}
    one = replace(seed, updates=np.array([0, 100, 200]), minutes=np.array([0, 1, 2]), curve=curve)
    curve = {"return": np.array([0.0, 30.0, 30.0, 60.0])}
    other = replace(
        seed, updates=np.array([50, 80, 150, 250]), minutes=np.array([1, 1, 3, 5]), curve=curve
    )
    both = course([one, other], "return")
    # From 50, where both have been, to 200: 5 and 0, 10 and 30, 20 and 45.
    assert both.updates.tolist() == [50, 100, 200]
    np.testing.assert_allclose(both.middle, [2.5, 20.0, 32.5])
    np.testing.assert_allclose(both.minutes, [0.75, (1 + 1 + 4 / 7) / 2, 3.0])
