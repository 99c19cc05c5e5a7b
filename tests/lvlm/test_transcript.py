"""Transcripts come back as they were written, or not at all."""

import json

import pytest

from lamour_jax.lvlm.transcript import Transcript, TranscriptError, question_key, sha256
from tests.lvlm.conftest import IMAGE


def test_round_trip(transcript, tmp_path):
    path = tmp_path / "transcript.json"
    transcript.save(path)
    assert Transcript.load(path) == transcript


def test_file_holds_hashes_that_others_can_check(transcript):
    content = json.loads(transcript.to_json())
    assert content["schema_version"] == 1
    for exchange in content["exchanges"]:
        assert exchange["prompt_sha256"] == sha256(exchange["prompt"])
        assert exchange["answer_sha256"] == sha256(exchange["answer"])


@pytest.mark.parametrize("part", ["prompt", "answer"])
def test_altered_text_is_refused_and_the_file_named(transcript, tmp_path, part):
    content = json.loads(transcript.to_json())
    content["exchanges"][1][part] += " (improved)"
    path = tmp_path / "transcript.json"
    path.write_text(json.dumps(content))
    with pytest.raises(TranscriptError, match=rf"transcript\.json: the {part}.*behavior_reasoning"):
        Transcript.load(path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not a transcript"),
        ("[]", "not a transcript"),
        ("{}", "schema_version"),
        ('{"schema_version": 2}', "schema version 2, this program reads 1"),
        ('{"schema_version": 1, "exchanges": []}', "robot"),
        ('{"schema_version": 1, "exchanges": [{"stage": "x"}]}', "prompt_sha256"),
    ],
)
def test_what_is_no_transcript_is_refused(text, reason):
    with pytest.raises(TranscriptError, match=reason):
        Transcript.from_json(text)


def test_key_tells_stage_words_and_picture_apart_but_not_the_provider(transcript):
    base = question_key("a", "b", "c")
    others = [question_key("x", "b", "c"), question_key("a", "x", "c"), question_key("a", "b", "x")]
    others += [question_key("a", "b", None), question_key("ab", "", "c")]
    assert base not in others
    first = transcript.exchanges[0]
    assert first.key == question_key(first.stage, first.prompt, sha256(IMAGE))


def test_missing_stage_is_an_error(transcript):
    with pytest.raises(TranscriptError, match="small_talk"):
        transcript.answer("small_talk")


def test_recording_needs_its_own_picture(transcript, tmp_path):
    with pytest.raises(TranscriptError, match="picture"):
        transcript.save_recording(tmp_path / "1", b"another picture")
    assert not (tmp_path / "1").exists()


def test_recording_is_never_overwritten(transcript, tmp_path):
    transcript.save_recording(tmp_path / "1", IMAGE)
    with pytest.raises(FileExistsError, match="next number"):
        transcript.save_recording(tmp_path / "1", IMAGE)
