"""Prices, sums and the limit on them, by hand."""

import threading

import pytest

from lamour_jax.lvlm.prices import PRICES, Price, price_of
from lamour_jax.lvlm.providers import Meter
from lamour_jax.lvlm.providers.outcomes import CostLimit, PriceUnknown

PRICE = Price(input=2.0, output=10.0, image_tokens=500)


def meter(max_cost=None) -> Meter:
    return Meter(max_cost, lambda model: PRICE if model == "known" else None)


def usage(prompt, completion):
    return {"prompt_tokens": prompt, "completion_tokens": completion}


def test_cost_of_tokens():
    assert PRICE.cost(1_000_000, 0) == 2.0
    assert PRICE.cost(0, 500_000) == 5.0
    assert PRICE.cost(1000, 100) == pytest.approx(0.002 + 0.001)


@pytest.mark.parametrize(
    ("model", "same_as"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("gemini-2.5-flash-001", "gemini-2.5-flash"),
        ("gemini-2.5-flash-preview-05-20", "gemini-2.5-flash"),
        ("gemini-2.5-flash-lite", "gemini-2.5-flash-lite"),
    ],
)
def test_snapshots_cost_what_their_model_costs(model, same_as):
    assert price_of(model) is PRICES[same_as]


@pytest.mark.parametrize("model", ["gpt-4o-audio", "gpt-4o-minimal", "llava", "", "gpt", "gpt-40"])
def test_relatives_are_no_guide(model):
    assert price_of(model) is None


def test_prices_are_plausible():
    assert len(PRICES) > 10
    assert all(0 < price.input < price.output < 100 for price in PRICES.values())


def test_worst_case():
    """1000 bytes are 500 tokens at most, with a picture 1000; 8192 come back."""
    assert meter().reserve("known", "x" * 1000, 1, 8192) == pytest.approx(0.002 + 0.08192)
    assert meter().reserve("known", "é" * 500, 0, 0) == pytest.approx(0.001)


def test_what_was_counted_takes_the_place_of_the_worst_case():
    counted = meter(max_cost=0.1)
    for _ in range(3):  # each of up to 0.0819, together more than there is
        held = counted.reserve("known", "", 0, 8192)
        assert counted.settle(held, "known", usage(1000, 200), answered=True) == pytest.approx(
            0.004
        )
    assert counted.cost_usd == pytest.approx(0.012)
    assert counted.answers == 3
    assert counted.tokens == usage(3000, 600)


def test_limit_is_exact():
    tight = meter(max_cost=0.08192)
    tight.release(tight.reserve("known", "", 0, 8192))
    with pytest.raises(CostLimit, match=r"up to \$0\.0819"):
        tight.reserve("known", "xx", 0, 8192)


def test_what_is_set_aside_is_not_there_for_others():
    shared = meter(max_cost=0.1)
    shared.reserve("known", "", 0, 8192)
    with pytest.raises(CostLimit):
        shared.reserve("known", "", 0, 8192)


def test_attempts_without_a_count_keep_their_worst_case():
    unlucky = meter(max_cost=0.1)
    held = unlucky.reserve("known", "", 0, 8192)
    assert unlucky.settle(held, "known", {}, answered=False, billed=True) is None
    assert unlucky.unsure_usd == held
    assert unlucky.cost_usd == 0.0
    assert "failed attempts" in unlucky.summary()
    with pytest.raises(CostLimit):
        unlucky.reserve("known", "", 0, 8192)


def test_unknown_price():
    free = meter()
    held = free.reserve("unknown", "x", 0, 8192)
    assert free.settle(held, "unknown", usage(10, 20), answered=True) is None
    assert free.cost_usd is None
    assert free.summary() == "1 answers, 10 tokens in, 20 out, cost unknown"
    with pytest.raises(PriceUnknown, match="price="):
        meter(max_cost=1.0).reserve("unknown", "x", 0, 8192)


def test_answer_without_a_count_has_no_known_cost():
    silent = meter()
    held = silent.reserve("known", "", 0, 8192)
    assert silent.settle(held, "known", {}, answered=True) is None
    assert silent.cost_usd is None


def test_price_is_of_the_model_that_answered():
    """A retired model's name may be answered, and billed, by its successor."""
    prices = {"old": Price(1.0, 1.0), "new": Price(3.0, 3.0)}
    counted = Meter(None, prices.get)
    held = counted.reserve("old", "", 0, 1)
    assert counted.settle(held, "new", usage(1_000_000, 0), asked="old", answered=True) == 3.0
    held = counted.reserve("old", "", 0, 1)
    assert counted.settle(held, "newer", usage(1_000_000, 0), asked="old", answered=True) == 1.0


def test_questions_at_the_same_time():
    counted = meter(max_cost=1.0)

    def work():
        for _ in range(200):
            held = counted.reserve("known", "", 0, 100)
            counted.settle(held, "known", usage(1, 1), answered=True)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted.answers == 800
    assert counted.cost_usd == pytest.approx(800 * 12e-6)
