"""Curves for a page: the page's colours, text that stays text, nothing of a file left."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from lamour_jax.report.plots import learning_curves, training_curves
from tests.report.conftest import rows


@pytest.fixture(scope="module")
def curves():
    return learning_curves(rows(), original_return=12585.0)


def root_of(svg: str) -> ElementTree.Element:
    # A page needs no namespaces; an XML parser does.
    return ElementTree.fromstring(
        svg.replace("<svg ", '<svg xmlns:xlink="http://www.w3.org/1999/xlink" ', 1)
    )


def test_drawings_take_the_page_s_colours(curves):
    for plot in [*curves, *training_curves(rows())]:
        root = root_of(plot.svg)
        assert set(root.attrib) == {"viewBox"}
        colours = set(re.findall(r"(?:fill|stroke): ([^;\"]+)", plot.svg))
        assert colours <= {
            "none",
            "currentColor",
            "var(--grid)",
            "var(--curve)",
            "var(--reference)",
        }
        assert "DejaVu" not in plot.svg
        assert "http" not in plot.svg


def test_axes_count_updates_and_minutes(curves):
    texts = ["".join(text.itertext()).strip() for text in root_of(curves[0].svg).iter("text")]
    assert "gradient updates" in texts
    assert "original policy, normal starts" in texts
    assert "4\u202f000" in texts
    assert "14 min" in texts  # 830 s after 4000 updates


def test_summaries_tell_the_course(curves):
    assert curves[0].summary.startswith(
        "Return: 2\u202f750 after 1\u202f000 updates, 11\u202f000 after 4"
    )
    assert "12\u202f585 from normal starts" in curves[0].summary
    assert curves[1].summary.startswith("Success rate: 25% after 1\u202f000 updates, 100% after")


def test_drawings_are_the_same_each_time(curves):
    assert learning_curves(rows(), 12585.0) == curves


def test_long_runs_make_no_long_pages():
    long = [
        {**row, "updates": i, "seconds": i / 10, "recovery/healthy": float(np.sin(i) ** 2)}
        for i, row in enumerate([rows()[0]] * 4000)
    ]
    assert len(training_curves(long)[0].svg) < 40_000


def test_baselines_show_no_recovered_share():
    without = [{**row, "recovery/recovered": 0.0} for row in rows()]
    with_it, without_it = (training_curves(r)[0].svg for r in (rows(), without))
    assert ">recovered<" in with_it
    assert ">recovered<" not in without_it


def test_algorithms_without_a_temperature_show_none():
    without = [{k: v for k, v in row.items() if k != "train/alpha"} for row in rows()]
    assert len(training_curves(without)) == 1


def test_a_single_point_is_no_curve():
    assert learning_curves(rows()[:5], 1.0) == []
    assert training_curves(rows()[:1]) == []
