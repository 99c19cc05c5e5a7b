"""Answers on disk: found again if and only if nothing differs, and never half of one."""

import dataclasses
import json

import pytest

from lamour_jax.lvlm.providers import LiveProvider, Question, StoredProvider, outcomes
from lamour_jax.lvlm.providers.keys import Key
from lamour_jax.lvlm.providers.live import Reply
from lamour_jax.lvlm.store import AnswerStore

QUESTION = Question("code_generation", "Write it. é", b"a picture", 0.5, 1)


class Stored:
    """A stored provider over one that counts what it is asked."""

    def __init__(self, folder, **settings):
        self.sent = 0
        self.said: list[str] = []
        defaults = {"name": "stub", "model": "m", "key": Key("", ""), "say": self.said.append}
        live = LiveProvider(send=self._send, **{**defaults, **settings})
        self.provider = StoredProvider(
            live, AnswerStore(folder, self.said.append), self.said.append
        )

    def ask(self, question=QUESTION):
        return self.provider.ask(question)

    def _send(self, request):
        self.sent += 1
        return Reply(f"answer {self.sent}\n", "m-1", {"prompt_tokens": 3, "completion_tokens": 4})


def test_found_again(tmp_path):
    first = Stored(tmp_path).ask()
    other = Stored(tmp_path)
    again = other.ask()
    assert other.sent == 0
    assert again == dataclasses.replace(first, cost_usd=0.0, replayed=True)
    assert not first.replayed
    assert other.provider.meter.answers == 0
    assert len(other.said) == 1 and "nothing is asked" in other.said[0]


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "Write it. e"},
        {"image_png": b"another"},
        {"image_png": None},
        {"temperature": 0.6},
        {"sample": 2},
    ],
)
def test_another_question_is_asked(tmp_path, change):
    stored = Stored(tmp_path)
    stored.ask()
    assert stored.ask(dataclasses.replace(QUESTION, **change)).text == "answer 2\n"


@pytest.mark.parametrize(
    "change",
    [{"name": "other"}, {"model": "m2"}, {"base_url": "http://x"}, {"max_output_tokens": 5000}],
)
def test_another_model_is_asked(tmp_path, change):
    Stored(tmp_path).ask()
    other = Stored(tmp_path, **change)
    assert not other.ask().replayed
    assert other.sent == 1


def _truncate(path):
    path.write_bytes(path.read_bytes()[:-20])


def _alter(path):
    path.write_text(path.read_text().replace("answer 1", "answer 9"))


def _swap(path):
    content = json.loads(path.read_text())
    content["request"]["model"] = "another"
    path.write_text(json.dumps(content))


def _age(path):
    path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 0'))


@pytest.mark.parametrize(
    "damage",
    [
        _truncate,
        _alter,
        _swap,
        _age,
        lambda path: path.write_text("[]"),
        lambda path: path.write_text("null"),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\xff\xfe\x00"),
    ],
)
def test_damaged_file_is_asked_anew_with_a_notice(tmp_path, damage):
    Stored(tmp_path).ask()
    (path,) = tmp_path.iterdir()
    damage(path)
    other = Stored(tmp_path)
    assert other.ask().text == "answer 1\n" and other.sent == 1
    assert other.said == [f"the stored answer {path} is damaged: asking anew"]
    assert Stored(tmp_path).ask().replayed  # mended


def test_full_disk_costs_no_answer(tmp_path):
    (tmp_path / "file").write_text("in the way")
    stored = Stored(tmp_path / "file")
    assert stored.ask().text == "answer 1\n"
    assert any("could not be stored" in line for line in stored.said)


def test_failures_are_not_stored(tmp_path):
    stored = Stored(tmp_path)

    def fail(request):
        raise outcomes.KeyRefused("no")

    stored.provider._provider._send = fail
    with pytest.raises(outcomes.KeyRefused):
        stored.ask()
    assert list(tmp_path.iterdir()) == []


def test_nothing_half_written_is_left(tmp_path):
    Stored(tmp_path).ask()
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"]
