"""Several runs on one page, and a run's report anew, as `lamour report` writes them."""

import json
import re
import shutil

import pytest

from lamour_jax.cli.report import report
from lamour_jax.errors import EncoderUnavailable, UserError
from lamour_jax.report import html
from lamour_jax.report.compare import write_comparison
from tests.report.conftest import HOSTILE, config, make_population, outcome, rows
from tests.report.test_html import Page


@pytest.fixture
def runs(run_folder):
    """LaMOuR, and a baseline that differs in what it came to, its settings and its machine."""
    other = run_folder.with_name("baseline")
    shutil.copytree(run_folder, other)
    shutil.rmtree(other / "reward")
    machine = {**config()["machine"], "jax": "0.9.1"}
    settings = {**config(), "method": "sac_zero", "machine": machine}
    (other / "config.json").write_text(json.dumps(settings))
    poor = {"success_rate": 0.25, "return": 1234.0, "time_to_recovery": None, "retention": 0.5}
    (other / "metrics.json").write_text(json.dumps({**outcome(), **poor, "method": "sac_zero"}))
    lines = [json.dumps({**row, "seconds": 2 * row["seconds"]}) for row in rows()]
    (other / "metrics.jsonl").write_text("\n".join(lines))
    return [run_folder, other]


def page_of(path) -> tuple[str, Page]:
    text = path.read_text()
    page = Page(text)
    assert page.open == []
    return text, page


def test_outcomes_curves_differences_and_costs_stand_side_by_side(runs, tmp_path):
    text, page = page_of(write_comparison(runs, tmp_path / "out"))
    for wanted in ("LaMOuR", "SAC-zero", "98%", "25%", "never", "89%", "nothing: recorded"):
        assert wanted in page.text, wanted  # 89%: 11 234 of the original policy's 12 585
    drawings = [e["aria-label"] for e in page.all("div") if e.get("role") == "img"]
    assert len(drawings) == len(page.all("svg")) == 4
    assert "Return of run: " in drawings[0] and "Return of baseline: " in drawings[0]
    assert "original policy, normal starts: 12\u202f585" in drawings[0]
    assert "original policy" not in drawings[2]  # a success rate has no such line
    differences = text[text.index('id="differences"') : text.index('id="costs"')]
    assert re.findall(r'<th scope="row">([\w.]+)</th>', differences) == ["method", "machine.jax"]
    assert "<td>0.9.2</td><td>0.9.1</td>" in differences


def test_minutes_are_each_runs_own(runs, tmp_path):
    text, _ = page_of(write_comparison(runs, tmp_path / "out"))
    assert ">minutes<" in text and ">gradient updates<" in text
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    # Along updates both curves end at one x; along minutes one takes twice as long.
    ends = [[line.split()[-2] for line in _curves(drawing)] for drawing in drawings[:2]]
    assert ends[0][0] == ends[0][1]
    assert float(ends[1][0]) < float(ends[1][1])


def _curves(drawing: str) -> list[str]:
    """The paths of the two trainings' curves."""
    paths = re.findall(r'd="(M [^"]*)" clip-path[^>]*stroke: var\(--(?:curve|good)\)', drawing)
    assert len(paths) == 2
    return [path.replace("\n", " ").strip() for path in paths]


def test_nothing_is_fetched_and_words_stay_words(runs, tmp_path):
    text, page = page_of(write_comparison(runs, tmp_path / "out"))
    assert not re.search(r"https?://|@import|srcset|<script|<img|<video", text)
    assert HOSTILE not in text
    links = [v for _, a in page.elements for n, v in a.items() if n in ("href", "xlink:href")]
    assert links and all(link.startswith("#") for link in links)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert "default-src 'none'" in text


def test_what_the_page_says_is_in_a_file_too(runs, tmp_path):
    write_comparison(runs, tmp_path / "out")
    found = json.loads((tmp_path / "out" / "metrics.json").read_text())["runs"]
    assert found["run"]["success_rate"] == 0.984375
    assert found["baseline"]["share_of_original"] == pytest.approx(1234.0 / 12585.0)


def test_folders_of_one_name_are_told_apart(runs, tmp_path):
    (tmp_path / "a").mkdir()
    shutil.copytree(runs[0], tmp_path / "a" / "run")
    _, page = page_of(write_comparison([runs[0], tmp_path / "a" / "run"], tmp_path / "out"))
    assert "a/run" in page.text
    assert "all runs were started with the same settings" in page.text


def test_original_policies_that_differ_have_a_line_each(runs, tmp_path):
    changed = json.loads((runs[1] / "metrics.json").read_text())
    changed["original"]["normal"]["return"] = 5000.0
    (runs[1] / "metrics.json").write_text(json.dumps(changed))
    text, _ = page_of(write_comparison(runs, tmp_path / "out"))
    assert "original policy of baseline: 5\u202f000" in text


def test_a_population_is_its_winner(runs, tmp_path):
    make_population(runs[0])
    text, _ = page_of(write_comparison(runs, tmp_path / "out"))
    assert "Return of run: 2\u202f750 after 1\u202f000 updates" in text


def test_a_run_from_before_the_battery_says_that_it_was_not_played(runs, tmp_path):
    old = json.loads((runs[1] / "metrics.json").read_text())
    for who in ("original", "recovered"):
        del old[who]["battery"]
    (runs[1] / "metrics.json").write_text(json.dumps(old))
    _, page = page_of(write_comparison(runs, tmp_path / "out"))
    assert page.text.count("not played") == 1


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda run: (run / "metrics.json").unlink(), r"not finished.*--resume"),
        (lambda run: (run / "config.json").unlink(), "there is no run in"),
        (lambda run: (run / "metrics.json").write_text("{"), "is damaged"),
        (
            lambda run: (run / "config.json").write_text('{"kind": "pretrain"}'),
            "holds no run of lamour recover",
        ),
    ],
)
def test_what_cannot_be_compared_is_said(runs, tmp_path, break_it, message):
    break_it(runs[1])
    with pytest.raises(UserError, match=message):
        write_comparison(runs, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_run_given_twice_is_refused(runs, tmp_path):
    with pytest.raises(UserError, match="given twice"):
        report([runs[0], runs[0]], tmp_path / "out")


def test_one_run_has_its_own_report_made_anew(runs, monkeypatch):
    def fail(*args):
        raise EncoderUnavailable("no films here")

    monkeypatch.setattr(html, "shoot_before_and_after", fail)
    assert report([runs[0]]) == runs[0] / "report.html"
    assert "no films here" in (runs[0] / "report.html").read_text()
    with pytest.raises(UserError, match="leave --out out"):
        report([runs[0]], runs[1])
