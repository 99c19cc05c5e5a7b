"""The shared driver with a clock of its own: waits by hand, deadlines, what people are told."""

import threading
import time
import traceback

import pytest

from lamour_jax.lvlm.prices import Price
from lamour_jax.lvlm.providers import LiveProvider, Meter, Question, outcomes
from lamour_jax.lvlm.providers.keys import Key
from lamour_jax.lvlm.providers.live import Clock, Reply

SECRET = "sk-Zq7Lw2Xv9Tn4Rb8Kd3Hs6Jf1"
QUESTION = Question("a", "Why?")


class Driver:
    """A provider whose attempts end as listed, and whose time passes only while it sleeps."""

    def __init__(self, *ends, chance=1.0, timeout_s=120.0, **settings):
        self.time = 1000.0
        self.slept: list[float] = []
        self.said: list[str] = []
        self.sent = []
        self._ends = list(ends)
        self.provider = LiveProvider(
            "stub",
            "model-1",
            self._send,
            key=Key(SECRET, "STUB_KEY"),
            timeout_s=timeout_s,
            say=self.said.append,
            clock=Clock(lambda: self.time, self._sleep, lambda: chance),
            **settings,
        )

    def ask(self):
        return self.provider.ask(QUESTION)

    def _sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds

    def _send(self, request):
        self.sent.append(request)
        end = self._ends.pop(0)
        if isinstance(end, BaseException):
            raise end
        return end


def test_waits_double_and_are_announced():
    driver = Driver(*[outcomes.ServerFailure("busy") for _ in range(4)], Reply("yes"))
    assert driver.ask().text == "yes"
    assert driver.slept == [1, 2, 4, 8]
    assert driver.said == [  # of the waits longer than two seconds
        "asking model-1 ... attempt 4 of 5 in 4 s (the server failed)",
        "asking model-1 ... attempt 5 of 5 in 8 s (the server failed)",
    ]


def test_waits_are_random():
    driver = Driver(*[outcomes.ServerFailure()] * 2, Reply("yes"), chance=0.25)
    driver.ask()
    assert driver.slept == [0.25, 0.5]


def test_server_is_left_alone_as_long_as_it_asks():
    driver = Driver(outcomes.RateLimited(retry_after_s=37.0), Reply("yes"))
    driver.ask()
    assert driver.slept == [37]
    assert driver.said == ["asking model-1 ... attempt 2 of 5 in 37 s (rate limited)"]


def test_waits_end_with_the_deadline():
    """After 1 + 2 s, a wait of 4 would leave less than a twentieth of 7.3 s."""
    driver = Driver(*[outcomes.ServerFailure("busy")] * 3, timeout_s=7.3)
    with pytest.raises(outcomes.ServerFailure, match=r"busy \(3 attempts; no time for more") as e:
        driver.ask()
    assert driver.slept == [1, 2]
    assert "within 7.3 s" in str(e.value)


def test_one_attempt_may_take_two_thirds_of_the_time_and_never_more_than_is_left():
    driver = Driver(outcomes.ServerFailure(retry_after_s=60.0), Reply("yes"), timeout_s=90.0)
    driver.ask()
    assert [request.timeout_s for request in driver.sent] == pytest.approx([60, 30])


def test_each_outcome_has_its_own_patience():
    """An empty answer may come twice, however many other failures there were."""
    driver = Driver(
        outcomes.ServerFailure(), outcomes.ServerFailure(), outcomes.EmptyAnswer(), Reply("yes")
    )
    assert driver.ask().text == "yes"
    driver = Driver(outcomes.ServerFailure(), outcomes.EmptyAnswer(), outcomes.EmptyAnswer())
    with pytest.raises(outcomes.EmptyAnswer, match="3 attempts"):
        driver.ask()


@pytest.mark.parametrize(
    ("outcome", "attempts"),
    [
        (outcomes.KeyRefused, 1),
        (outcomes.BadRequest, 1),
        (outcomes.Blocked, 1),
        (outcomes.CutOff, 1),
        (outcomes.QuotaSpent, 1),
        (outcomes.EmptyAnswer, 2),
        (outcomes.TimedOut, 2),
        (outcomes.BadResponse, 3),
        (outcomes.Unreachable, 3),
        (outcomes.RateLimited, 5),
        (outcomes.ServerFailure, 5),
    ],
)
def test_attempts_by_outcome(outcome, attempts):
    driver = Driver(*[outcome("x")] * 6)
    with pytest.raises(outcome) as caught:
        driver.ask()
    assert len(driver.sent) == attempts
    assert caught.value.worth_retrying == (attempts > 1)


def test_a_mix_of_failures_ends_after_five():
    driver = Driver(
        *[outcomes.ServerFailure(), outcomes.Unreachable()] * 2, outcomes.TimedOut(), Reply("no")
    )
    with pytest.raises(outcomes.TimedOut, match="5 attempts"):
        driver.ask()


def test_a_surprise_is_an_outcome_without_the_secret():
    def surprise():
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise RuntimeError(f"cannot use {SECRET}") from error

    driver = Driver()
    driver.provider._send = lambda request: surprise()
    with pytest.raises(outcomes.BadResponse, match=r"RuntimeError: cannot use \*\*\*") as caught:
        driver.ask()
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    with_variables = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert SECRET not in "".join(with_variables.format())
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_a_hung_attempt_is_left_behind():
    over = threading.Event()

    def hang(request):
        over.wait(10)
        return Reply("late")

    said: list[str] = []
    provider = LiveProvider(
        "stub", "m", hang, key=Key("", ""), timeout_s=0.3, say=said.append, slow_s=0.05
    )
    start = time.monotonic()
    with pytest.raises(outcomes.TimedOut):
        provider.ask(QUESTION)
    assert 0.2 < time.monotonic() - start < 1.5
    over.set()
    assert said[0] == "asking m ... (up to 0 s)"
    left_behind = [t for t in threading.enumerate() if t.name == "asking m"]
    assert all(t.daemon for t in left_behind)  # none keeps the program from ending


def test_a_quick_answer_goes_without_saying():
    driver = Driver(Reply("yes"))
    driver.ask()
    assert driver.said == []


def test_temperature_is_dropped_once_and_only_where_it_is_the_trouble():
    refusal = outcomes.BadRequest("temperature is not supported")
    driver = Driver(refusal, refusal)
    with pytest.raises(outcomes.BadRequest):
        driver.ask()
    assert [request.temperature for request in driver.sent] == [0.0, None]
    driver = Driver(outcomes.BadRequest("no such model"))
    with pytest.raises(outcomes.BadRequest):
        driver.ask()
    assert len(driver.sent) == 1


def test_model_that_answered_is_named():
    assert Driver(Reply("yes", "model-1-0425")).ask().model == "model-1-0425"
    assert Driver(Reply("yes")).ask().model == "model-1"


def test_failures_that_cannot_be_billed_cost_nothing():
    meter = Meter(max_cost=0.01, price_of=lambda model: Price(0.0, 1.0))
    driver = Driver(
        *[outcomes.ServerFailure()] * 4,
        Reply("yes", usage={"prompt_tokens": 1, "completion_tokens": 1000}),
        meter=meter,
    )
    assert driver.ask().cost_usd == pytest.approx(0.001)
    assert meter.unsure_usd == 0.0


def test_outcomes_read_well():
    error = outcomes.RateLimited("slow down. ").retold(str, "openai, gpt-4o", "5 attempts")
    assert str(error) == (
        "openai, gpt-4o: rate limited: slow down (5 attempts). "
        "Wait a minute and start again; answers that came are stored."
    )
    assert str(outcomes.KeyMissing("set X")).startswith("no key: set X. Keys are read")
