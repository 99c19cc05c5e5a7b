"""Waiting times, keys and HTTP's failures, each by itself."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamour_jax.lvlm.providers import outcomes
from lamour_jax.lvlm.providers.keys import Key, find_key
from lamour_jax.lvlm.providers.retries import backoff_s, retry_after_s
from lamour_jax.lvlm.providers.transport import outcome_of_failure, outcome_of_status

SECRET = "sk-Zq7Lw2Xv9Tn4/b8Kd3Hs6+f1"
NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "chance", "asked", "expected"),
    [
        (1, 1.0, None, 1),
        (2, 1.0, None, 2),
        (5, 1.0, None, 16),
        (6, 1.0, None, 30),
        (50, 1.0, None, 30),
        (3, 0.0, None, 0),
        (3, 0.5, None, 2),
        (3, 0.5, 7.0, 7),
        (3, 0.5, 0.1, 2),
    ],
)
def test_backoff(failures, chance, asked, expected):
    assert backoff_s(failures, chance, asked) == expected


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({}, "", None),
        ({"retry-after": "7"}, "", 7),
        ({"retry-after": "1.5"}, "", 1.5),
        ({"retry-after": "-3"}, "", 0),
        ({"retry-after": "inf"}, "", None),
        ({"retry-after": "nan"}, "", None),
        ({"retry-after": "soon"}, "", None),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, "", 30),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, "", 0),
        ({"retry-after-ms": "250", "retry-after": "1"}, "", 0.25),
        ({}, '{"@type": "RetryInfo", "retryDelay": "37s"}', 37),
        ({}, '"retryDelay":"0.5s"', 0.5),
        ({"retry-after": "2"}, '"retryDelay":"9s"', 2),
    ],
)
def test_retry_after(headers, body, expected):
    assert retry_after_s(headers, body, NOON) == expected


@given(st.text(), st.text(), st.integers(0, 20), st.integers(8, 27))
def test_no_piece_of_a_key_survives(before, after, start, length):
    piece = SECRET[start : start + max(8, length)]
    clean = Key(SECRET, "X").scrub(before + piece + after)
    assert not any(SECRET[i : i + 8] in clean for i in range(len(SECRET) - 7))


def test_scrubbing_leaves_the_rest():
    key = Key(SECRET, "X")
    assert key.scrub(f"key {SECRET} is bad") == "key *** is bad"
    assert key.scrub(f"{SECRET[:8]}*****{SECRET[-4:]}") == f"********{SECRET[-4:]}"
    assert key.scrub("?key=sk-Zq7Lw2Xv9Tn4%2Fb8Kd3Hs6%2Bf1&x") == "?key=***&x"
    assert key.scrub("nothing here") == "nothing here"
    assert Key("", "none").scrub("anything") == "anything"
    assert Key("tiny", "X").scrub("a tiny key") == "a *** key"
    assert Key("tiny", "X").remove("a tiny key") == "a tiny key"
    assert key.remove(f"a {SECRET}\n") == "a ***\n"


def test_key_does_not_show_itself():
    key = Key(SECRET, "SOME_KEY")
    assert repr(key) == str(key) == "Key(SOME_KEY)"
    assert key and not Key("", "none")


def test_first_variable_with_a_key_counts(monkeypatch):
    monkeypatch.setenv("A_KEY", " ")
    monkeypatch.setenv("B_KEY", "b-key")
    monkeypatch.setenv("C_KEY", "c-key")
    key = find_key("A_KEY", "B_KEY", "C_KEY")
    assert (key.reveal(), key.variable) == ("b-key", "B_KEY")
    monkeypatch.delenv("B_KEY")
    assert find_key("A_KEY", "B_KEY").reveal() == ""


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, "", outcomes.BadRequest),
        (400, '{"error": {"details": [{"reason": "API_KEY_INVALID"}]}}', outcomes.KeyRefused),
        (400, '{"error": {"message": "API key expired. Renew it."}}', outcomes.KeyRefused),
        (400, '{"error": {"code": "content_filter"}}', outcomes.Blocked),
        (401, "", outcomes.KeyRefused),
        (402, "", outcomes.QuotaSpent),
        (403, "", outcomes.KeyRefused),
        (404, "", outcomes.BadRequest),
        (408, "", outcomes.ServerFailure),
        (413, "", outcomes.BadRequest),
        (418, "", outcomes.BadRequest),
        (429, "", outcomes.RateLimited),
        (429, '{"error": {"code": "insufficient_quota"}}', outcomes.QuotaSpent),
        (429, '"quotaId": "GenerateRequestsPerDayPerProjectPerModel"', outcomes.QuotaSpent),
        (429, '"quotaId": "GenerateRequestsPerMinutePerProject"', outcomes.RateLimited),
        (500, "", outcomes.ServerFailure),
        (503, "", outcomes.ServerFailure),
        (529, "", outcomes.ServerFailure),
        (302, "", outcomes.BadResponse),
    ],
)
def test_outcome_of_a_status(status, body, outcome):
    error = outcome_of_status(status, body, {"retry-after": "3"})
    assert type(error) is outcome
    waits = outcome in (outcomes.RateLimited, outcomes.ServerFailure)
    assert error.retry_after_s == (3 if waits else None)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"error": {"message": "no such model", "code": 404}}', "no such model"),
        ('[{"error": {"message": "no such model"}}]', "no such model"),
        ('{"error": "no such model"}', "no such model"),
        ('{"detail": "no such model"}', "no such model"),
        ('{"message": "no such model"}', "no such model"),
        ("no such model", "no such model"),
        ('{"detail": [{"loc": ["body"]}]}', '[{"loc": ["body"]}]'),
        ("", ""),
        ("null", "null"),
        ("[]", "[]"),
    ],
)
def test_message_in_the_shapes_of_servers(body, message):
    assert outcome_of_status(404, body, {}).detail == f"{message} (HTTP 404)".strip()


def _named(*names):
    """An exception whose classes have these names, the most general last."""
    cls: type[Exception] = Exception
    for name in reversed(names):
        cls = type(name, (cls,), {})
    return cls("text")


@pytest.mark.parametrize(
    ("error", "outcome", "billed"),
    [
        (_named("ReadTimeout", "TimeoutException", "TransportError"), outcomes.TimedOut, True),
        (_named("ConnectTimeout", "TimeoutException"), outcomes.Unreachable, False),
        (_named("ConnectError", "NetworkError", "TransportError"), outcomes.Unreachable, False),
        (_named("ReadError", "NetworkError", "TransportError"), outcomes.Unreachable, True),
        (_named("RemoteProtocolError", "TransportError"), outcomes.Unreachable, True),
        (ConnectionRefusedError("no"), outcomes.Unreachable, False),
        (ConnectionResetError("no"), outcomes.Unreachable, True),
        (TimeoutError("slow"), outcomes.TimedOut, True),
        (ConnectionError(_named("ReadTimeoutError")), outcomes.TimedOut, True),
        (ValueError("no JSON"), outcomes.BadResponse, True),
    ],
)
def test_outcome_of_a_failure(error, outcome, billed):
    found = outcome_of_failure(error)
    assert type(found) is outcome
    assert found.billed == billed
    assert type(error).__name__ in found.detail
