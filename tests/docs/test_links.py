"""Links and pictures in README, docs and notebooks lead somewhere, and to no strange host."""

import re

import pytest

from tests.docs.pages import MARKDOWN, NOTEBOOKS, ROOT, anchors, links, text_of

HOSTS = {
    "arxiv.org",
    "github.com",
    "colab.research.google.com",  # badges
}


@pytest.mark.parametrize("page", [*MARKDOWN, *NOTEBOOKS], ids=lambda path: path.name)
def test_links_lead_somewhere(page):
    for link in links(text_of(page)):
        if link.startswith(("http://", "https://")):
            assert re.match(r"https?://([^/]+)", link)[1] in HOSTS, link
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(text_of(target)), link


def test_every_page_is_in_the_site_and_every_picture_in_a_page():
    site = (ROOT / "mkdocs.yml").read_text()
    pages = sorted((ROOT / "docs").glob("*.md"))
    assert [page.name for page in pages if page.name not in site] == []
    shown = {link for page in MARKDOWN for link in links(text_of(page))}
    pictures = sorted((ROOT / "docs" / "images").iterdir())
    assert [p.name for p in pictures if not any(link.endswith(p.name) for link in shown)] == []


def test_links_and_anchors_are_found():
    text = "# A `b` c's\n[x](y.md#z) ![p](q.png)\n\n    [no](link)\n`[no](link)`\n"
    assert links(text) == ["y.md#z", "q.png"]
    assert anchors(text) == {"a-b-cs"}
