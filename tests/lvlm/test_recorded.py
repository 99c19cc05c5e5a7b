"""Recorded answers are given to exactly the recorded questions."""

import dataclasses
import json
import logging
import subprocess
import sys

import pytest

from lamour_jax.lvlm.conversation import run_candidates, run_conversation
from lamour_jax.lvlm.providers import (
    TEXT_RECORDING,
    NotRecorded,
    Question,
    RecordedProvider,
    has_text_recording,
    recordings,
)
from lamour_jax.lvlm.transcript import TranscriptError
from tests.lvlm.conftest import IMAGE, ListProvider


def test_replays_the_conversation_with_its_own_picture(task, transcript, root):
    provider = RecordedProvider("beetle", root=root)
    replayed = run_conversation(provider, task)
    assert provider.image == IMAGE
    assert replayed == dataclasses.replace(transcript, provider="recorded")


def test_says_whose_answers_these_are(root, caplog):
    with caplog.at_level(logging.INFO):
        provider = RecordedProvider("beetle", root=root)
    assert caplog.messages == [provider.notice]
    assert "model-1" in provider.notice
    assert "2025-03-04" in provider.notice
    assert "nothing is rendered" in provider.notice


def test_first_recording_is_the_default_and_all_are_reachable(task, root):
    for number in (2, 10):
        newer = run_conversation(ListProvider((f"seen {number}", "b", "c")), task, IMAGE)
        newer.save_recording(root / "beetle" / str(number), IMAGE)
    assert recordings("beetle", root) == ("1", "2", "10")
    assert RecordedProvider("beetle", root=root).recording == "1"
    replayed = run_conversation(RecordedProvider("beetle", "2", root), task)
    assert replayed.exchanges[0].answer == "seen 2"


def test_an_answer_to_text_alone_has_no_number_and_no_picture(task, root):
    def ask(provider):
        return run_candidates(provider, task, text_only=True)[0].transcript

    assert not has_text_recording("beetle", root)
    asked = ask(ListProvider(("```python\nx = 2\n```",)))
    [exchange] = asked.exchanges
    assert exchange.image_sha256 is None
    assert "this task:\nRun forward." in exchange.prompt
    asked.save_recording(root / "beetle" / TEXT_RECORDING, None)
    assert has_text_recording("beetle", root)
    assert recordings("beetle", root) == ("1",)
    provider = RecordedProvider("beetle", TEXT_RECORDING, root)
    assert "about the recorded text" in provider.notice
    assert ask(provider) == dataclasses.replace(asked, provider="recorded")
    with pytest.raises(NotRecorded, match="no answer to this question"):
        ask(RecordedProvider("beetle", "1", root))


def test_other_prompt_is_not_recorded_and_the_difference_shown(task, root):
    other = dataclasses.replace(task, image_notes="Seen from above.")
    with pytest.raises(NotRecorded) as error:
        run_conversation(RecordedProvider("beetle", root=root), other)
    message = str(error.value)
    assert "-How to read the image: Seen from its side." in message
    assert "+How to read the image: Seen from above." in message
    assert "picture differs" not in message
    assert "lamour generate --env beetle --lvlm manual" in message


def test_other_picture_is_not_recorded(task, root):
    with pytest.raises(NotRecorded, match="picture differs") as error:
        run_conversation(RecordedProvider("beetle", root=root), task, b"another")
    assert "prompt differs" not in str(error.value)


def test_other_stage_is_not_recorded(root):
    with pytest.raises(NotRecorded, match="nothing was asked at the stage 'repair'"):
        RecordedProvider("beetle", root=root).ask(Question("repair", "Why?"))


def test_other_robot_is_not_recorded(root):
    with pytest.raises(NotRecorded, match=r"'spider'.*recordings exist for beetle.*--lvlm manual"):
        RecordedProvider("spider", root=root)


def test_other_recording_is_not_recorded(root):
    with pytest.raises(NotRecorded, match=r"recording '7' of 'beetle'.*there are 1"):
        RecordedProvider("beetle", "7", root)


def test_exchanged_picture_is_refused(root):
    (root / "beetle" / "1" / "image.png").write_bytes(b"another")
    with pytest.raises(TranscriptError, match=r"image\.png is not the picture"):
        RecordedProvider("beetle", root=root)


def test_altered_answer_is_refused(root):
    path = root / "beetle" / "1" / "transcript.json"
    content = json.loads(path.read_text())
    content["exchanges"][2]["answer"] = "```python\nimport os\n```"
    path.write_text(json.dumps(content))
    with pytest.raises(TranscriptError, match="altered"):
        RecordedProvider("beetle", root=root)


def test_replaying_needs_neither_opengl_nor_jax():
    program = (
        "import sys\n"
        "import lamour_jax.lvlm.conversation, lamour_jax.lvlm.providers\n"
        "print(sorted({'mujoco', 'jax', 'OpenGL', 'envs'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
