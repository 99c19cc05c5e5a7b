"""The report of a run: whole in one file, safe with a stranger's words, and complete."""

import base64
import dataclasses
import hashlib
import json
import re
import shutil
from html.parser import HTMLParser

import pytest

from envs.rendering import RenderingUnavailable
from lamour_jax.errors import EncoderUnavailable, UserError
from lamour_jax.lvlm.transcript import Transcript
from lamour_jax.report import html
from lamour_jax.report.films import Film
from lamour_jax.report.html import write_report
from tests.report.conftest import HOSTILE, config, make_population

VOID = {"meta", "img", "br", "link", "input", "use", "path", "stop"}


class Page(HTMLParser):
    """A page's elements and texts, and whether its tags are balanced."""

    def __init__(self, text: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        shown = [text for tag, texts in self.texts.items() if tag != "style" for text in texts]
        return re.sub(r"\s+", " ", " ".join(shown))


@pytest.fixture
def filmed(monkeypatch, tmp_path):
    """Films without physics and drawing, which other tests are about."""

    def shoot(env, original, recovered, folder):
        path = tmp_path / "film.mp4"
        path.write_bytes(b"film")
        return [
            Film("Before: the original policy", path, "Not once healthy.", []),
            Film("After: the recovered policy", path, "Healthy soon.", [(0.25, 1.0)]),
        ]

    monkeypatch.setattr(html, "shoot_before_and_after", shoot)


@pytest.fixture
def report(run_folder, env, filmed):
    def write() -> tuple[str, Page]:
        path = write_report(run_folder, env)
        assert path == run_folder / "report.html"
        text = path.read_text()
        page = Page(text)
        assert page.open == []
        return text, page

    return write


def test_nothing_is_fetched_from_anywhere(report):
    text, page = report()
    assert not re.search(r"https?://|@import|srcset", text)
    sources = [a[n] for _, a in page.elements for n in ("src", "poster") if n in a]
    assert len(sources) == 3  # a picture, two films
    assert all(source.startswith("data:") for source in sources)
    links = [v for _, a in page.elements for n, v in a.items() if n in ("href", "xlink:href")]
    assert links
    assert all(link.startswith("#") for link in links)
    assert all("url(#" in url for url in re.findall(r"url\([^)]*\)", text))


def test_links_within_the_page_lead_somewhere_and_ids_are_unique(report):
    text, page = report()
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = set(re.findall(r'(?:href="|url\()#([\w-]+)', text))
    assert wanted <= set(ids)


def test_words_of_a_model_stay_words(report):
    text, page = report()
    assert HOSTILE not in text
    assert page.text.count('alert("owned")') >= 6  # in answers, code and verdict, to be read
    assert len(page.all("script")) == 1
    assert all("onerror" not in attributes for _, attributes in page.elements)


def test_only_the_page_s_own_script_may_run(report):
    text, page = report()
    policy = next(a["content"] for a in page.all("meta") if "http-equiv" in a)
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}'" in policy


def test_figures_words_and_code_are_there(report):
    _, page = report()
    for wanted in ("98%", "11 234", "12 585", "1.2 s", "97%", "12.6 min", "model-1"):
        assert wanted in page.text
    for wanted in ("The robot lies on its back.", "Roll over onto the feet.", "jax.numpy", "2e-07"):
        assert wanted in page.text
    assert "Line 5: careful" in page.text
    assert "grad_updates_per_step" not in page.text  # settings are the run's, not the program's
    assert "aux_coef" in page.text


def test_pictures_films_and_curves_say_what_they_show(report):
    _, page = report()
    assert "lies on its back" in page.all("img")[0]["alt"]
    assert [a["aria-label"] for a in page.all("video")] == [
        "Before: the original policy. Not once healthy.",
        "After: the recovered policy. Healthy soon.",
    ]
    drawings = [a for a in page.all("div") if a.get("role") == "img"]
    assert len(drawings) == len(page.all("svg")) == 4
    assert "2\u202f750 after 1\u202f000 updates" in drawings[0]["aria-label"]


def test_every_kind_of_start_is_told_before_and_after(report):
    text, _ = report()
    starts = text[text.index('id="starts"') : text.index('id="costs"')]
    rows = re.findall(r'<th scope="row">([^<]+)</th>', starts)
    assert rows == ["OOD starts (trained)", "battery poses", "normal starts"]
    told = " ".join(re.sub(r"<[^>]+>", " ", starts).split())
    assert "5% → 77% 501 9 012" in told
    assert "0% → 98% 0 11 234 24" in told


def test_costs_and_versions_have_their_place(report):
    text, page = report()
    assert "nothing: recorded" in page.text
    assert "5 updates, 10 steps" in page.text  # an epoch of 250 updates and 500 steps takes 50 s
    versions = text[text.index('id="versions"') :]
    assert "0.9.2" in versions and "aux_coef" not in versions


@pytest.mark.parametrize("method", ["sac_env", "sac_zero", "sero"])
def test_baselines_have_no_reward_to_show(report, run_folder, method):
    shutil.rmtree(run_folder / "reward")
    (run_folder / "config.json").write_text(json.dumps({**config(), "method": method}))
    _, page = report()
    assert "asks no model" in page.text
    assert page.all("img") == []
    assert len(page.all("video")) == 2


def test_reward_code_given_by_hand_needs_no_conversation(report, run_folder):
    for name in ("image.png", "transcript.json"):
        (run_folder / "reward" / name).unlink()
    _, page = report()
    assert "no model was asked" in page.text
    assert "Reward code, as it was given" in page.text


def test_an_answer_to_text_alone_needs_no_picture(report, run_folder):
    folder = run_folder / "reward"
    (folder / "image.png").unlink()
    transcript = Transcript.load(folder / "transcript.json")
    asked = dataclasses.replace(transcript.exchanges[-1], image_sha256=None)
    dataclasses.replace(transcript, exchanges=(asked,)).save(folder / "transcript.json")
    _, page = report()
    assert "What the model said" in page.text and "What the model saw" not in page.text
    assert "no picture, and nothing of the fall" in page.text
    assert page.all("img") == []


def test_one_evaluation_makes_no_curve(report, run_folder):
    lines = (run_folder / "metrics.jsonl").read_text().splitlines()
    (run_folder / "metrics.jsonl").write_text("\n".join(lines[:5]))
    _, page = report()
    assert "no curve to draw" in page.text


def test_candidates_stand_side_by_side_and_the_winner_is_marked(report, run_folder):
    make_population(run_folder)
    _, page = report()
    assert "candidate-2 (chosen)" in page.text and "candidate-1 (chosen)" not in page.text
    rows = [text.strip() for text in page.texts["td"]]
    assert rows[:8] == ["0.4%", "300", "never", "50%", "98%", "11\u202f234", "24", "97%"]
    labels = [element["aria-label"] for element in page.all("pre")]
    for name in ("candidate-1", "candidate-2"):
        assert f"{name}, as it was answered" in labels
    (drawn,) = [
        e["aria-label"] for e in page.all("div") if "candidate-1" in e.get("aria-label", "")
    ]
    assert "Return of candidate-1" in drawn and "Return of candidate-2" in drawn
    assert page.all("script") and not [e for e in page.all("img") if e["src"] == "x"]


def test_a_reward_that_members_share_is_shown_once(report, run_folder):
    make_population(run_folder)
    source = (run_folder / "members" / "candidate-1" / "reward" / "reward.py").read_text()
    (run_folder / "members" / "candidate-2" / "reward" / "reward.py").write_text(source)
    _, page = report()
    answers = [e["aria-label"] for e in page.all("pre") if "as it was answered" in e["aria-label"]]
    assert [answer for answer in answers if answer.startswith("candidate")] == [
        "candidate-1, as it was answered"
    ]


def test_a_candidate_that_diverged_is_said_to_have(report, run_folder):
    make_population(run_folder, diverged="candidate-1")
    _, page = report()
    assert page.text.count("diverged before its first evaluation") == 1


@pytest.mark.parametrize("error", [RenderingUnavailable, EncoderUnavailable])
def test_without_films_the_report_says_what_is_missing(run_folder, env, monkeypatch, error):
    def fail(*args):
        raise error("install <this>")

    monkeypatch.setattr(html, "shoot_before_and_after", fail)
    page = Page(write_report(run_folder, env).read_text())
    assert page.all("video") == []
    assert "The films are missing: install <this>" in page.text


def test_unfinished_run_is_named_as_such(run_folder, env):
    (run_folder / "metrics.json").unlink()
    with pytest.raises(UserError, match=r"not finished.*--resume"):
        write_report(run_folder, env)
