"""Every shipped recording answers the questions as they are put today."""

import pytest

import envs
from envs import descriptions
from lamour_jax.lvlm.conversation import RobotTask, run_candidates
from lamour_jax.lvlm.providers import (
    TEXT_RECORDING,
    RecordedProvider,
    has_text_recording,
    recordings,
)

SHIPPED = [(robot, number) for robot in descriptions.names() for number in recordings(robot)]
TEXTS = [(robot, TEXT_RECORDING) for robot in descriptions.names() if has_text_recording(robot)]


@pytest.mark.parametrize(("robot", "number"), SHIPPED + TEXTS)
def test_recording_is_complete(robot, number):
    env = envs.make(robot, engine="native")
    description = descriptions.load(robot)
    task = RobotTask(
        robot,
        env.original_task,
        description.vectors,
        description.image,
        description.example,
    )
    provider, text_only = RecordedProvider(robot, number), number == TEXT_RECORDING
    [candidate] = run_candidates(provider, task, text_only=text_only)
    transcript = candidate.transcript
    assert len(transcript.exchanges) == (1 if text_only else 3) and candidate.error is None
    assert "is_recovered" in transcript.answer_code
    assert "calculate_reward" in transcript.answer_code
