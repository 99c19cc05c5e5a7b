"""Questions and answers through files, with a person who is late, hesitant or gone."""

import datetime
import threading
import time

import pytest

from lamour_jax.lvlm.conversation import run_conversation
from lamour_jax.lvlm.providers import ManualProvider, NoAnswer, Question, StaleAnswer
from tests.lvlm.conftest import ANSWERS, IMAGE

POLL_S = 0.02


def provider(folder, **settings) -> ManualProvider:
    told: list[str] = []
    defaults = {"poll_s": POLL_S, "timeout_s": 5, "tell": told.append}
    made = ManualProvider(folder, "model-2", **{**defaults, **settings})
    made.told = told  # type: ignore[attr-defined]
    return made


def answer_later(folder, writes: list[tuple[str, bytes]]) -> threading.Thread:
    """A person who makes these writes, each after a pause of a few polls."""

    def work():
        for name, content in writes:
            time.sleep(5 * POLL_S)
            (folder / name).write_bytes(content)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def answer_each_question(folder) -> threading.Thread:
    """A person who answers question n with the n-th answer once it is there."""

    def work():
        for i, text in enumerate(ANSWERS, start=1):
            while not list(folder.glob(f"question_{i}_*.txt")):
                time.sleep(POLL_S)
            (folder / f"answer_{i}.txt").write_text(text)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_whole_conversation(task, tmp_path):
    manual = provider(tmp_path / "talk", date="2025-05-06")
    person = answer_each_question(tmp_path / "talk")
    transcript = run_conversation(manual, task, IMAGE)
    person.join()
    assert [e.answer for e in transcript.exchanges] == list(ANSWERS)
    assert (transcript.provider, transcript.model) == ("manual", "model-2")
    assert transcript.date == "2025-05-06"
    assert (tmp_path / "talk" / "image.png").read_bytes() == IMAGE
    for i, exchange in enumerate(transcript.exchanges, start=1):
        question = tmp_path / "talk" / f"question_{i}_{exchange.stage}.txt"
        assert question.read_text() == exchange.prompt


def test_person_is_told_what_to_do(task, tmp_path):
    manual = provider(tmp_path)
    person = answer_each_question(tmp_path)
    run_conversation(manual, task, IMAGE)
    person.join()
    first, second, _ = manual.told
    for word in ("model-2", "question_1_ood_description.txt", "image.png", "answer_1.txt"):
        assert word in first
    assert "image.png" not in second


def test_answer_that_is_still_being_written_is_awaited(tmp_path):
    whole = "x = 1\n" * 3
    euro = "€".encode()
    writes = [
        ("answer_1.txt", b""),
        ("answer_1.txt", b"  \n"),
        ("answer_1.txt", euro[:2]),  # a character cut in two
        ("answer_1.txt", whole.encode()),
    ]
    person = answer_later(tmp_path, writes)
    answer = provider(tmp_path).ask(Question("code_generation", "Write."))
    person.join()
    assert answer.text == whole


def test_text_that_grows_between_looks_is_not_taken(tmp_path):
    grown = "".join(f"line {i}\n" for i in range(40))

    def work():
        with (tmp_path / "answer_1.txt").open("w") as file:
            for line in grown.splitlines(keepends=True):
                file.write(line)
                file.flush()
                time.sleep(POLL_S / 4)

    manual = provider(tmp_path, timeout_s=20, poll_s=5 * POLL_S)
    person = threading.Timer(POLL_S, work)
    person.start()
    answer = manual.ask(Question("code_generation", "Write."))
    person.join()
    assert answer.text == grown


def test_no_answer_in_time_is_an_error(tmp_path):
    with pytest.raises(NoAnswer, match=r"answer_1\.txt within 0\.1 s"):
        provider(tmp_path, timeout_s=0.1).ask(Question("code_generation", "Write."))


def test_todays_date_by_default(tmp_path):
    person = answer_later(tmp_path, [("answer_1.txt", b"yes")])
    before = datetime.date.today()
    answer = provider(tmp_path).ask(Question("code_generation", "Write."))
    person.join()
    assert before.isoformat() <= answer.date <= datetime.date.today().isoformat()


def test_interrupted_conversation_goes_on_with_the_answers_it_has(task, tmp_path):
    person = answer_each_question(tmp_path)
    first = run_conversation(provider(tmp_path), task, IMAGE)
    person.join()
    again = run_conversation(provider(tmp_path, timeout_s=1), task, IMAGE)
    assert again.exchanges == first.exchanges


@pytest.mark.parametrize(
    "question", [Question("s", "Other words.", IMAGE), Question("s", "Words.", b"other picture")]
)
def test_answer_to_another_question_is_refused(tmp_path, question):
    person = answer_later(tmp_path, [("answer_1.txt", b"yes")])
    provider(tmp_path).ask(Question("s", "Words.", IMAGE))
    person.join()
    with pytest.raises(StaleAnswer, match=r"answer_1\.txt answers another question"):
        provider(tmp_path).ask(question)
