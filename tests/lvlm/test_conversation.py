"""Three questions in order, each carrying what it must and nothing that it must not."""

import dataclasses

import pytest

from lamour_jax.lvlm.conversation import (
    behavior_prompt,
    code_prompt,
    describe_prompt,
    run_conversation,
)
from lamour_jax.lvlm.transcript import sha256
from tests.lvlm.conftest import ANSWERS, IMAGE, ListProvider


def test_three_questions_in_order_at_temperature_zero_one_picture(task):
    provider = ListProvider()
    run_conversation(provider, task, IMAGE)
    assert [q.stage for q in provider.questions] == [
        "ood_description",
        "behavior_reasoning",
        "code_generation",
    ]
    assert [q.image_png for q in provider.questions] == [IMAGE, None, None]
    assert {q.temperature for q in provider.questions} == {0.0}


def test_each_answer_goes_into_the_next_question_only(task):
    provider = ListProvider()
    run_conversation(provider, task, IMAGE)
    first, second, third = (q.prompt for q in provider.questions)
    assert "Seen from its side." in first
    assert task.original_task not in first
    assert ANSWERS[0].strip() in second
    assert task.original_task in second
    assert task.description not in second
    assert ANSWERS[1] in third
    assert task.description in third
    # The reward is for the recovery alone.
    assert ANSWERS[0].strip() not in third
    assert task.original_task not in third


def test_transcript_says_who_when_and_what(transcript):
    assert transcript.robot == "beetle"
    assert (transcript.provider, transcript.model) == ("list", "model-1")
    assert transcript.date == "2025-03-04"
    assert transcript.parameters == {"requested_temperature": 0.0}
    assert transcript.answer_code == ANSWERS[2]
    assert [e.answer for e in transcript.exchanges] == list(ANSWERS)
    assert transcript.exchanges[0].image_sha256 == sha256(IMAGE)
    assert transcript.exchanges[0].usage == {"input_tokens": 7}


def test_picture_is_needed(task):
    with pytest.raises(ValueError, match="brings no picture"):
        run_conversation(ListProvider(), task)


def test_example_appears_only_where_a_robot_supplies_one(task):
    without = code_prompt(task, "Roll over.")
    taught = code_prompt(dataclasses.replace(task, example="def staged(): ..."), "Roll over.")
    assert "example of such a function" not in without
    assert "def staged(): ..." in taught
    assert without.split("\n")[:5] == taught.split("\n")[:5]
    assert without.split("\n")[-5:] == taught.split("\n")[-5:]


def test_dollars_in_a_models_answer_are_only_text(task):
    assert "costs $robot and $5" in behavior_prompt(task, "It costs $robot and $5")


@pytest.mark.parametrize(
    ("demand"),
    [
        "def is_recovered(state: np.ndarray) -> int:",
        "def calculate_reward(state: np.ndarray, action: np.ndarray) -> float:",
        "Only numpy (as np) and math",
        "Dense:",
        "Always negative",
        "large actions cost",
        "Euler angles",
        "is_recovered uses no velocities",
        "not too strict",
        "not essential",
    ],
)
def test_code_question_makes_the_methods_demands(task, demand):
    assert demand in code_prompt(task, "Roll over.")


def test_prompts_are_the_ones_that_the_recordings_answered(task):
    """Whoever changes a prompt makes the shipped answers unusable: record new ones with it."""
    prompts = [describe_prompt(task), behavior_prompt(task, "D"), code_prompt(task, "B")]
    assert [sha256(prompt)[:12] for prompt in prompts] == [
        "20593bd71711",
        "584486768789",
        "5e250f5faee3",
    ]
