"""Every shipped recording answers the questions as they are put today."""

import pytest

import envs
from envs import descriptions
from lamour_jax.lvlm.conversation import RobotTask, run_conversation
from lamour_jax.lvlm.providers import RecordedProvider, recordings

SHIPPED = [(robot, number) for robot in descriptions.names() for number in recordings(robot)]


@pytest.mark.parametrize(("robot", "number"), SHIPPED)
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
    transcript = run_conversation(RecordedProvider(robot, number), task)
    assert "is_recovered" in transcript.answer_code
    assert "calculate_reward" in transcript.answer_code
