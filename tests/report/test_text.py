"""Figures in words, and code in colours."""

import pytest

from lamour_jax.report.figures import count, duration, headlines, percent
from lamour_jax.report.highlight import highlight
from tests.report.conftest import outcome


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0%"), (1.0, "100%"), (0.984, "98%"), (0.997, "99.7%"), (0.004, "0.4%"), (1.02, "102%")],
)
def test_percent_never_flatters(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(("seconds", "text"), [(83, "83 s"), (754.2, "12.6 min"), (9000, "2.5 h")])
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_count_groups_digits_with_a_space_that_does_not_break():
    assert count(-0.1) == "0"
    assert count(-1234567.4) == "-1\u202f234\u202f567"


def test_a_robot_that_never_recovers_says_so():
    figures = {f.label: f for f in headlines({**outcome(), "time_to_recovery": None}, 0.05)}
    assert figures["Time to recovery"].value == "never"


@pytest.mark.parametrize(
    ("start", "before", "other", "elsewhere"),
    [
        ("ood", "OOD starts; the original policy: 0%", "Success from battery poses", "77%"),
        ("battery", "battery poses; the original policy: 5%", "Success from OOD starts", "98%"),
    ],
)
def test_success_is_told_from_the_run_s_own_starts_and_from_the_others(
    start, before, other, elsewhere
):
    figures = {f.label: f for f in headlines({**outcome(), "start": start}, 0.05)}
    assert figures["Success rate"].note == f"of 64 episodes from {before}"
    assert figures[other].value == elsewhere


def test_highlight_marks_and_escapes():
    assert highlight("def f(x):\n    return x < 1  # <b>\n") == (
        '<span class="keyword">def</span> <span class="defined">f</span>(x):\n'
        '    <span class="keyword">return</span> x &lt; <span class="number">1</span>'
        '  <span class="comment"># &lt;b&gt;</span>\n'
    )


def test_highlight_keeps_strings_over_several_lines_and_other_letters():
    source = 'é = """a\n<b> ü"""\r\ny = 1\n'
    assert highlight(source) == (
        'é = <span class="string">&quot;&quot;&quot;a\n&lt;b&gt; ü&quot;&quot;&quot;</span>\r\n'
        'y = <span class="number">1</span>\n'
    )


@pytest.mark.parametrize("source", ["def (", 'x = """open <b>', "if x:\n  a\n b <b>\n", ""])
def test_what_is_no_python_is_escaped_at_least(source):
    assert "<b>" not in highlight(source)
