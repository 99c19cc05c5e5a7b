"""Several programs from one conversation: what is asked again, what goes back, what is kept."""

import pytest

from lamour_jax.lvlm.conversation import MAX_REPAIRS, Review, run_candidates
from lamour_jax.lvlm.providers import Answer, NoAnswer, ProviderError
from lamour_jax.lvlm.transcript import Transcript
from tests.lvlm.conftest import IMAGE, ListProvider


def reviewer(accepted):
    """Accepts the answers in `accepted` and complains of the others by name."""

    def review(answer):
        good = answer in accepted
        return Review(good, f"line 3: {answer} is wrong", {"accepted": good})

    return review


class FailingProvider(ListProvider):
    """Has no answer at some of the questions, counted from 0."""

    def __init__(self, answers, failing):
        super().__init__(answers)
        self._failing = failing

    def ask(self, question):
        number = len(self.questions)
        if number in self._failing:
            self.questions.append(question)
            raise NoAnswer(f"question {number} has no answer")
        return super().ask(question)


def test_candidates_share_the_first_two_questions(task):
    provider = ListProvider(["seen", "roll", "code 1", "code 2", "code 3"])
    candidates = run_candidates(provider, task, IMAGE, count=3)
    stages = [question.stage for question in provider.questions]
    assert stages == ["ood_description", "behavior_reasoning"] + 3 * ["code_generation"]
    codes = provider.questions[2:]
    assert len({question.prompt for question in codes}) == 1
    # The first is the best guess; the others vary, each a sample of its own.
    assert codes[0].temperature == 0.0
    assert codes[0].temperature < codes[1].temperature < codes[2].temperature <= 1.0
    assert [question.sample for question in codes] == [0, 1, 2]
    for number, candidate in enumerate(candidates, 1):
        answers = [exchange.answer for exchange in candidate.transcript.exchanges]
        assert answers == ["seen", "roll", f"code {number}"]
        assert candidate.error is None


def test_what_is_wrong_goes_back_until_it_is_right(task):
    provider = ListProvider(["seen", "roll", "bad", "worse", "good"])
    (candidate,) = run_candidates(provider, task, IMAGE, review=reviewer({"good"}))
    code, repair, again = provider.questions[2:]
    assert [repair.stage, again.stage] == ["repair", "repair"]
    assert code.temperature < repair.temperature < again.temperature
    # A question stands alone: the task again, the answer, and what was found in it.
    for part in (code.prompt.strip(), "\nbad\n", "line 3: bad is wrong"):
        assert part in repair.prompt
    assert "line 3: worse is wrong" in again.prompt and "bad is wrong" not in again.prompt
    exchanges = candidate.transcript.exchanges[2:]
    assert [exchange.answer for exchange in exchanges] == ["bad", "worse", "good"]
    assert [exchange.verdict["accepted"] for exchange in exchanges] == [False, False, True]
    assert candidate.transcript.answer_code == "good"
    assert Transcript.from_json(candidate.transcript.to_json()) == candidate.transcript


def test_repair_ends_after_three_rounds(task):
    provider = ListProvider(["seen", "roll", *(f"bad {k}" for k in range(9))])
    (candidate,) = run_candidates(provider, task, IMAGE, review=reviewer(set()))
    assert MAX_REPAIRS == 3
    assert len(provider.questions) == 2 + 1 + MAX_REPAIRS
    assert candidate.error is None
    assert candidate.transcript.answer_code == "bad 3"


def test_a_candidate_without_an_answer_costs_the_others_nothing(task):
    provider = FailingProvider(["seen", "roll", "code 1", "code 3"], failing={3})
    first, second, third = run_candidates(provider, task, IMAGE, count=3)
    assert (first.transcript.answer_code, third.transcript.answer_code) == ("code 1", "code 3")
    assert "question 3 has no answer" in str(second.error)
    assert not second.transcript.has_code
    assert len(second.transcript.exchanges) == 2


def test_everything_that_was_answered_is_kept_when_an_answer_fails(task):
    kept = []
    provider = FailingProvider(["seen"], failing={1})
    with pytest.raises(ProviderError):
        run_candidates(
            provider, task, IMAGE, keep=lambda number, transcript: kept.append((number, transcript))
        )
    ((number, transcript),) = kept
    assert number == 1
    assert [exchange.answer for exchange in transcript.exchanges] == ["seen"]


def test_a_verdict_is_kept_as_soon_as_it_is_known(task):
    kept = []
    provider = ListProvider(["seen", "roll", "bad", "good"])
    run_candidates(
        provider, task, IMAGE,
        review=reviewer({"good"}), keep=lambda number, transcript: kept.append(transcript),
    )  # fmt: skip
    verdicts = [transcript.exchanges[-1].verdict for transcript in kept]
    assert verdicts == [None, None, None, {"accepted": False}, None, {"accepted": True}]


def test_costs_are_summed_where_all_are_known(task):
    class Paid(ListProvider):
        def ask(self, question):
            answer = super().ask(question)
            cost = None if answer.text == "free?" else 0.25
            return Answer(answer.text, "model-1", "2025-03-04", {}, cost)

    (candidate,) = run_candidates(Paid(["seen", "roll", "code"]), task, IMAGE)
    assert candidate.transcript.cost_usd == 0.75
    (candidate,) = run_candidates(Paid(["seen", "free?", "code"]), task, IMAGE)
    assert candidate.transcript.cost_usd is None
