"""A small robot, a provider that answers from a list, and a recording of both."""

import pytest

from lamour_jax.lvlm.conversation import RobotTask, run_conversation
from lamour_jax.lvlm.providers import Answer, Question

IMAGE = b"\x89PNG not really"
ANSWERS = ("It lies on its back.\n", "Roll over until the belly is down.", "```python\nx = 1\n```")


class ListProvider:
    """Gives the answers of a list and keeps the questions."""

    name = "list"
    image = None

    def __init__(self, answers=ANSWERS):
        self.questions: list[Question] = []
        self._answers = list(answers)

    def ask(self, question: Question) -> Answer:
        self.questions.append(question)
        return Answer(self._answers.pop(0), "model-1", "2025-03-04", {"input_tokens": 7})


@pytest.fixture
def task():
    return RobotTask("beetle", "Run forward.", "0 | height\n1 | pitch", "Seen from its side.")


@pytest.fixture
def transcript(task):
    return run_conversation(ListProvider(), task, IMAGE)


@pytest.fixture
def root(transcript, tmp_path):
    """A folder of recordings that holds recording 1 of the beetle."""
    transcript.save_recording(tmp_path / "beetle" / "1", IMAGE)
    return tmp_path
