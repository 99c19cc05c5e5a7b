"""Live providers against a server on this machine that misbehaves on script.

Every test runs for each provider; nothing leaves the machine.
"""

import datetime
import importlib
import json
import logging
import socket
import time
import traceback

import pytest

from lamour_jax.lvlm.providers import (
    Answer,
    LiveError,
    ProviderError,
    ProviderSettings,
    Question,
    make_provider,
    outcomes,
    retries,
    sdks,
)
from tests.lvlm.scripted_server import (
    BREAK_OFF,
    DRIP,
    HANG,
    RESET,
    GeminiWire,
    OpenAIWire,
    ScriptedServer,
    Step,
)

KEY = "sk-Zq7Lw2Xv9Tn4Rb8Kd3Hs6Jf1"
WIRES = {"gemini": GeminiWire(), "genai": GeminiWire(), "openai": OpenAIWire()}
KEY_VARIABLES = {
    "gemini": "GEMINI_API_KEY",
    "genai": "GEMINI_API_KEY",
    "openai": "OPENAI_API_KEY",
}
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
QUESTION = Question("ood_description", 'What is "wrong"?\n\tTell: é 🐜', PICTURE, 0.25)
TEXT = "It lies on its back.\n"


def is_local(host) -> bool:
    return host in ("127.0.0.1", "localhost", "::1")


@pytest.fixture(autouse=True)
def strangers(monkeypatch):
    """The hosts that somebody tried to reach and could not; tests that provoke it empty it."""
    asked: list[str] = []
    find, connect = socket.getaddrinfo, socket.socket.connect

    def guarded_find(host, *args, **settings):
        if not is_local(host):
            asked.append(host)
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return find(host, *args, **settings)

    def guarded_connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_local(address[0]):
            asked.append(address[0])
            raise OSError("only this machine")
        return connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", guarded_find)
    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    yield asked
    assert asked == []


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """No keys, servers or proxies but those of the test; retries without long waits."""
    for scheme in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{scheme}_proxy", raising=False)
        monkeypatch.delenv(f"{scheme.upper()}_PROXY", raising=False)
    for name in (*KEY_VARIABLES.values(), "GOOGLE_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(retries, "FIRST_S", 0.002)


class Bench:
    """One provider, its server and what it says."""

    def __init__(self, name, server):
        self.name = name
        self.wire = WIRES[name]
        self.server = server
        self.said: list[str] = []

    def provider(self, **settings):
        defaults = {
            "model": self.wire.model,
            "base_url": self.server.url + self.wire.base_path,
            "timeout_s": 20.0,
            "say": self.said.append,
        }
        return make_provider(self.name, ProviderSettings("ant", **{**defaults, **settings}))

    def ask(self, *steps, question=QUESTION, **settings) -> Answer:
        self.server.script(*steps)
        return self.provider(**settings).ask(question)

    def failure(self, *steps, **settings) -> LiveError:
        with pytest.raises(ProviderError) as caught:
            self.ask(*steps, **settings)
        return caught.value

    def error(self, status, message=f"no good, {KEY}!", code="", **headers) -> Step:
        return Step(self.wire.error(status, message, code), status, headers)

    @property
    def requests(self) -> int:
        assert self.server.beyond == 0
        return len(self.server.seen)


class Log(logging.Handler):
    """Everything that anybody logs, in words."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.text = ""

    def emit(self, record):
        self.text += f"{self.format(record)} {record.args!r}\n"


@pytest.fixture
def log():
    root, log = logging.getLogger(), Log()
    level = root.level
    root.addHandler(log)
    root.setLevel(logging.DEBUG)
    yield log
    root.removeHandler(log)
    root.setLevel(level)


@pytest.fixture(params=WIRES)
def bench(request, monkeypatch, log, capfd):
    """A provider with a key, which must turn up nowhere: in no log, not even of the libraries."""
    monkeypatch.setenv(KEY_VARIABLES[request.param], KEY)
    server = ScriptedServer()
    yield Bench(request.param, server)
    server.close()
    assert server.beyond == 0
    out, err = capfd.readouterr()
    assert not leaks(log.text + out + err)


def leaks(text: str) -> bool:
    """Whether the key or a telling piece of it is in a text."""
    return any(KEY[i : i + 8] in text for i in range(len(KEY) - 7))


def check_clean(error: BaseException) -> None:
    """Nothing that hangs on the exception has the key."""
    told = "".join(traceback.format_exception(error))
    assert type(error).__name__ in told
    assert not leaks(told + str(error) + repr(error) + repr(vars(error)) + repr(error.args))
    assert error.__cause__ is None
    assert error.__context__ is None


def test_leaks_are_seen(log):
    assert leaks(f"x {KEY} y") and leaks(f"it is {KEY[:9]}****") and not leaks("sk-nothing")
    logging.getLogger("somebody").debug("a header: %s", {"authorization": KEY})
    assert leaks(log.text)


# Answers


def test_answer_comes_back_unchanged(bench):
    text = "Here it is:\n\n```python\ndef reward(s):\n\treturn 1.0\n```\n\nGood luck! é\n"
    answer = bench.ask(bench.wire.answer(text))
    assert answer.text == text
    assert answer.model == bench.wire.answering_model
    assert answer.date == datetime.date.today().isoformat()
    assert answer.usage == {
        "prompt_tokens": 1200,
        "completion_tokens": 450,  # 300 written and 150 thought
        "total_tokens": 1650,
    }
    assert answer.cost_usd is None  # nobody knows what this server takes
    assert not answer.replayed
    assert bench.requests == 1


def test_several_parts_are_one_text(bench):
    assert bench.ask(bench.wire.answer("a\n", "b")).text == "a\nb"


def test_request_says_what_was_asked(bench):
    bench.ask(bench.wire.answer(TEXT), max_output_tokens=5000)
    (seen,) = bench.server.seen
    bench.wire.check_path(seen)
    assert bench.wire.key(seen) == KEY
    assert bench.wire.prompt(seen) == QUESTION.prompt
    assert bench.wire.image(seen) == ("image/png", PICTURE)
    assert bench.wire.temperature(seen) == 0.25
    assert bench.wire.output_limit(seen) == 5000


def test_request_by_default(bench):
    bench.ask(bench.wire.answer(TEXT), question=Question("code_generation", "Write it."))
    (seen,) = bench.server.seen
    assert bench.wire.prompt(seen) == "Write it."
    assert bench.wire.temperature(seen) == 0.0
    assert bench.wire.output_limit(seen) == 8192
    assert b"image" not in json.dumps(seen.body).lower().encode()


def test_key_is_sent_and_shown_nowhere(bench):
    provider = bench.provider()
    assert not leaks(repr(provider) + repr(vars(provider)))
    answer = bench.ask(bench.wire.answer(f"your key is {KEY}"))
    assert answer.text == "your key is ***"


# Outcomes: the steps that lead there, the outcome, and how many requests it takes


def check_outcome(bench, error, outcome, requests, *words):
    assert type(error) is outcome
    assert bench.requests == requests
    message = str(error)
    assert message.startswith(f"{bench.name}, {bench.wire.model}: {outcome.happened}")
    assert message.endswith(outcome.advice) and outcome.advice
    for word in words:
        assert word in message
    check_clean(error)


@pytest.mark.parametrize("status", [401, 403])
def test_refused_key_is_never_retried(bench, status):
    error = bench.failure(bench.error(status, f"Incorrect API key provided: {KEY}"))
    check_outcome(bench, error, outcomes.KeyRefused, 1, "Incorrect API key provided: ***")
    assert not error.worth_retrying


@pytest.mark.parametrize("status", [401, 403])
def test_refused_key_is_named_by_its_variable(bench, status):
    error = bench.failure(bench.error(status, f"Incorrect API key provided: {KEY}"))
    assert f"(the key is in {KEY_VARIABLES[bench.name]})" in str(error)
    assert KEY not in str(error)


def test_refused_key_of_another_variable(bench, monkeypatch):
    """Google's key may stand in a second variable; a server of one's own may have none."""
    monkeypatch.delenv(KEY_VARIABLES[bench.name])
    monkeypatch.setenv("GOOGLE_API_KEY", KEY)
    expected = {
        "openai": "(there is no key in OPENAI_API_KEY)",
        "gemini": "(the key is in GOOGLE_API_KEY)",
        "genai": "(the key is in GOOGLE_API_KEY)",
    }
    assert expected[bench.name] in str(bench.failure(bench.error(401)))


def test_invalid_key_in_googles_words(bench):
    step = bench.error(400, f"API key not valid ({KEY[:12]}...).", "API_KEY_INVALID")
    check_outcome(bench, bench.failure(step), outcomes.KeyRefused, 1, "API key not valid (***")


@pytest.mark.parametrize("status", [400, 404, 422])
def test_refused_request(bench, status):
    error = bench.failure(bench.error(status, "models/x is not found"))
    check_outcome(
        bench, error, outcomes.BadRequest, 1, f"models/x is not found (HTTP {status})", "--model"
    )


def test_rate_limit_is_waited_out(bench):
    answer = bench.ask(bench.error(429, **{"Retry-After": "0.3"}), bench.wire.answer(TEXT))
    assert answer.text == TEXT
    assert bench.requests == 2
    first, second = bench.server.seen
    assert second.at - first.at >= 0.3


def test_lasting_rate_limit(bench):
    error = bench.failure(*[bench.error(429)] * 5)
    check_outcome(bench, error, outcomes.RateLimited, 5, "5 attempts", "HTTP 429")
    assert error.worth_retrying


def test_rate_limit_beyond_the_deadline(bench):
    start = time.monotonic()
    error = bench.failure(bench.error(429, **{"Retry-After": "60"}))
    assert time.monotonic() - start < 10
    check_outcome(bench, error, outcomes.RateLimited, 1, "60 s", "20 s")


def test_spent_quota(bench):
    error = bench.failure(bench.error(429, "You exceeded your quota", "insufficient_quota"))
    check_outcome(bench, error, outcomes.QuotaSpent, 1, "You exceeded your quota")


@pytest.mark.parametrize("status", [500, 503])
def test_failing_server(bench, status):
    error = bench.failure(*[bench.error(status)] * 5)
    check_outcome(bench, error, outcomes.ServerFailure, 5, "5 attempts", f"HTTP {status}")


def test_server_that_recovers(bench):
    page = Step(f"<html>Bad gateway {KEY}</html>", 502, {"Content-Type": "text/html"})
    answer = bench.ask(bench.error(503), page, bench.wire.answer(TEXT))
    assert answer.text == TEXT
    assert bench.requests == 3


@pytest.mark.parametrize("act", [HANG, DRIP])
def test_deadline_holds(bench, act):
    provider = bench.provider(timeout_s=0.6)
    bench.server.script(Step(act=act), Step(act=act))
    start = time.monotonic()
    with pytest.raises(outcomes.TimedOut) as caught:
        provider.ask(QUESTION)
    assert 0.5 < time.monotonic() - start < 1.6
    check_outcome(bench, caught.value, outcomes.TimedOut, 2, "2 attempts")


def test_hung_attempt_is_repeated(bench):
    answer = bench.ask(Step(act=HANG), bench.wire.answer(TEXT), timeout_s=0.9)
    assert answer.text == TEXT
    assert bench.requests == 2


@pytest.mark.parametrize("act", [RESET, BREAK_OFF])
def test_broken_connection(bench, act):
    step = Step(bench.wire.answer(TEXT).body, act=act)
    error = bench.failure(step, step, step)
    check_outcome(bench, error, outcomes.Unreachable, 3, "3 attempts")


def test_connection_that_recovers(bench):
    assert bench.ask(Step(act=RESET), bench.wire.answer(TEXT)).text == TEXT
    assert bench.requests == 2


def test_nobody_listens(bench):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        error = bench.failure(base_url=url)
    check_outcome(bench, error, outcomes.Unreachable, 0, "refused", "3 attempts")


def test_unknown_host(bench, strangers):
    error = bench.failure(base_url="http://nobody.invalid")
    assert strangers == ["nobody.invalid"] * 3
    strangers.clear()
    check_outcome(bench, error, outcomes.Unreachable, 0, "Name or service not known")


@pytest.mark.parametrize("case", range(3))
def test_blocked(bench, case):
    error = bench.failure(bench.wire.blocked()[case])
    check_outcome(bench, error, outcomes.Blocked, 1)


def test_empty(bench):
    error = bench.failure(bench.wire.empty(), bench.wire.answer(" \n"))
    check_outcome(bench, error, outcomes.EmptyAnswer, 2, "2 attempts")


def test_empty_once(bench):
    assert bench.ask(bench.wire.empty(), bench.wire.answer(TEXT)).text == TEXT
    assert bench.requests == 2


@pytest.mark.parametrize("case", range(2))
def test_cut_off(bench, case):
    error = bench.failure(bench.wire.cut()[case])
    check_outcome(bench, error, outcomes.CutOff, 1, "8192 tokens")
    assert error.usage["completion_tokens"] == 450


@pytest.mark.parametrize("body", ['{"candidates": [', f"<html>Log in, {KEY}</html>", "", "null"])
def test_malformed_response(bench, body):
    error = bench.failure(*[Step(body)] * 3)
    check_outcome(bench, error, outcomes.BadResponse, 3, "3 attempts")


def test_json_of_another_shape(bench):
    provider = bench.provider()
    for body in bench.wire.nonsense():
        bench.server.seen.clear()
        bench.server.script(*[Step(body)] * 3)
        with pytest.raises(LiveError) as caught:
            provider.ask(QUESTION)
        check_outcome(bench, caught.value, outcomes.BadResponse, 3)


def test_malformed_once(bench):
    assert bench.ask(Step("{"), bench.wire.answer(TEXT)).text == TEXT
    assert bench.requests == 2


def test_model_with_a_temperature_of_its_own(bench):
    step = bench.error(400, "Unsupported value: 'temperature' does not support 0.25.")
    assert bench.ask(step, bench.wire.answer(TEXT)).text == TEXT
    assert [bench.wire.temperature(seen) for seen in bench.server.seen] == [0.25, None]
    assert bench.said[-1] == f"{bench.wire.model} takes no temperature: asking without"


def test_long_messages_are_shortened(bench):
    error = bench.failure(bench.error(400, "word \n" * 1000))
    assert "word word" in str(error)
    assert len(str(error)) < 700


# Before anything is sent


def test_missing_key(bench, monkeypatch):
    monkeypatch.delenv(KEY_VARIABLES[bench.name])
    with pytest.raises(outcomes.KeyMissing, match=KEY_VARIABLES[bench.name]) as caught:
        bench.provider(base_url=None)
    assert "recorded" in str(caught.value)
    assert bench.requests == 0


@pytest.mark.parametrize("value", ["sk-half\nsk-other", "sk-schlüssel-1234", "sk one two three"])
def test_impossible_key(bench, monkeypatch, value):
    monkeypatch.setenv(KEY_VARIABLES[bench.name], value)
    with pytest.raises(outcomes.KeyRefused, match=KEY_VARIABLES[bench.name]) as caught:
        bench.provider()
    assert value not in str(caught.value)


def test_spaces_around_the_key(bench, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLES[bench.name], f"  {KEY}\n")
    bench.ask(bench.wire.answer(TEXT))
    assert bench.wire.key(bench.server.seen[0]) == KEY


def test_missing_library(bench, monkeypatch):
    def gone(module):
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    monkeypatch.setattr(sdks.importlib, "import_module", gone)
    with pytest.raises(outcomes.SdkMissing) as caught:
        bench.provider()
    package = {"gemini": "google-generativeai", "genai": "google-genai", "openai": "openai"}
    assert f"pip install {package[bench.name]}" in str(caught.value)
    check_clean(caught.value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"timeout_s": 0.0}, "timeout_s"),
        ({"timeout_s": float("inf")}, "timeout_s"),
        ({"max_output_tokens": 4095}, "at least 4096"),
        ({"max_cost": -1.0}, "max_cost"),
        ({"max_cost": float("nan")}, "max_cost"),
        ({"price": (1.0, -1.0)}, "price"),
        ({"base_url": "localhost:8000"}, "http://"),
        ({"base_url": "http://me:secret@localhost"}, "password"),
        ({"base_url": "me:secret@localhost"}, "password"),
        ({"base_url": "http://localhost?key=secret"}, "password"),
    ],
)
def test_unusable_settings(bench, settings, words):
    with pytest.raises(outcomes.BadSettings, match=words) as caught:
        bench.provider(**settings)
    assert "secret" not in str(caught.value)


# Cost


def test_cost(bench):
    provider = bench.provider(price=(2.0, 10.0))
    bench.server.script(bench.wire.answer(TEXT), bench.wire.answer(TEXT, usage=(100, 50, 0)))
    answers = [provider.ask(QUESTION) for _ in range(2)]
    assert [answer.cost_usd for answer in answers] == pytest.approx(
        [(1200 * 2 + 450 * 10) / 1e6, (100 * 2 + 50 * 10) / 1e6]
    )
    assert provider.meter.cost_usd == pytest.approx(0.0069 + 0.0007)
    assert provider.meter.tokens == {
        "prompt_tokens": 1300,
        "completion_tokens": 500,
        "total_tokens": 1800,
    }
    assert provider.meter.summary() == "2 answers, 1300 tokens in, 500 out, $0.0076"


def test_cost_limit_holds_before_anything_is_sent(bench):
    provider = bench.provider(price=(2.0, 10.0), max_cost=0.1)
    bench.server.script(bench.wire.answer(TEXT))
    # A question's worst case: 8192 tokens out, 2000 for the picture, some for the text: 0.086.
    provider.ask(QUESTION)  # 0.0069
    bench.server.script(bench.wire.answer(TEXT, usage=(1000, 1000, 0)))
    provider.ask(QUESTION)  # 0.0120, so that 0.0811 are left
    with pytest.raises(outcomes.CostLimit) as caught:
        provider.ask(QUESTION)
    assert bench.requests == 2
    assert "$0.0189" in str(caught.value) and "Nothing was sent" in str(caught.value)


def test_cost_limit_without_a_price(bench):
    error = bench.failure(max_cost=1.0)
    check_outcome(bench, error, outcomes.PriceUnknown, 0, "price=(input, output)")


@pytest.mark.parametrize("model", ["gpt-4o", "gemini-2.5-flash"])
def test_published_prices_are_those_of_the_makers_servers(bench, model):
    """A server of one's own may call its model anything."""
    assert bench.ask(bench.wire.answer(TEXT), model=model).cost_usd is None
    with pytest.raises(outcomes.PriceUnknown):
        bench.ask(model=model, max_cost=1.0)


def test_attempts_that_may_be_billed_count(bench):
    provider = bench.provider(price=(0.0, 10.0), max_cost=0.1, timeout_s=0.6)
    bench.server.script(Step(act=HANG))
    with pytest.raises(outcomes.TimedOut, match="cost limit"):
        provider.ask(QUESTION)
    assert bench.requests == 1
    assert provider.meter.unsure_usd == pytest.approx(0.08192)


def test_failures_with_a_count_are_counted(bench):
    provider = bench.provider(price=(2.0, 10.0))
    bench.server.script(bench.wire.cut()[0])
    with pytest.raises(outcomes.CutOff):
        provider.ask(QUESTION)
    assert provider.meter.cost_usd == pytest.approx(0.0069)
    assert provider.meter.answers == 0


# Answers that were stored


def test_stored_answers_are_not_asked_again(bench, tmp_path):
    settings = {"answers": tmp_path, "price": (2.0, 10.0)}
    first = bench.ask(bench.wire.answer(TEXT), **settings)
    provider = bench.provider(**settings)
    again = provider.ask(QUESTION)
    assert bench.requests == 1
    assert (again.text, again.model, again.date, again.usage) == (
        first.text,
        first.model,
        first.date,
        first.usage,
    )
    assert (first.cost_usd, first.replayed) == (pytest.approx(0.0069), False)
    assert (again.cost_usd, again.replayed) == (0.0, True)
    assert provider.meter.cost_usd == 0.0
    (file,) = tmp_path.iterdir()
    assert not leaks(file.read_text())
    assert str(file) in bench.said[-1]


def test_interrupted_conversation_goes_on_where_it_stopped(bench, tmp_path):
    questions = [Question("a", "1"), Question("b", "2")]
    bench.ask(bench.wire.answer("one"), question=questions[0], answers=tmp_path)
    error = bench.failure(bench.error(404), question=questions[1], answers=tmp_path)
    assert type(error) is outcomes.BadRequest
    provider = bench.provider(answers=tmp_path)
    bench.server.script(bench.wire.answer("two"))
    assert [provider.ask(question).text for question in questions] == ["one", "two"]
    assert bench.requests == 3


# One provider each


def test_gemini_says_that_its_library_is_old(monkeypatch):
    monkeypatch.setenv("GOOGLE_API_KEY", KEY)
    said: list[str] = []
    make_provider("gemini", ProviderSettings("ant", say=said.append))
    (notice,) = said
    assert "support ended in 2025" in notice and "genai" in notice


def test_libraries_warn_nobody(monkeypatch, tmp_path, recwarn):
    for name in ("noisy_1", "noisy_2"):
        text = "import warnings\nwarnings.warn('support has ended', FutureWarning)\n"
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.warns(FutureWarning):
        importlib.import_module("noisy_1")
    recwarn.clear()
    assert sdks.load("noisy_2", "noisy").__name__ == "noisy_2"
    assert not list(recwarn)


def test_googles_server_is_given_time(monkeypatch):
    """It refuses questions with less than ten seconds, so a late attempt must not say so."""
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    server = ScriptedServer()
    server.script(GeminiWire().answer(TEXT))
    settings = ProviderSettings("ant", base_url=server.url, timeout_s=3.0)
    make_provider("genai", settings).ask(QUESTION)
    assert server.seen[0].headers["x-server-timeout"] == "10"
    server.close()


@pytest.mark.parametrize(
    ("name", "model"),
    [("gemini", "gemini-3.5-flash"), ("genai", "gemini-3.5-flash"), ("openai", "gpt-4o")],
)
def test_default_models_have_a_price(monkeypatch, name, model):
    monkeypatch.setenv(KEY_VARIABLES[name], KEY)
    provider = make_provider(name, ProviderSettings("ant", max_cost=1.0, say=lambda line: None))
    assert provider.model == model
    assert provider.meter.reserve(model, "x", 1, 8192) > 0


def test_openai_error_in_a_success(monkeypatch):
    """Some gateways answer with 200 and an error inside."""
    server = ScriptedServer()
    wire = OpenAIWire()
    server.script(Step({"error": {"message": "upstream is busy", "code": 503}}), wire.answer(TEXT))
    settings = ProviderSettings("ant", wire.model, base_url=server.url + "/v1")
    assert make_provider("openai", settings).ask(QUESTION).text == TEXT
    assert len(server.seen) == 2
    server.script(Step({"error": {"message": "no such model", "code": 404}}))
    with pytest.raises(outcomes.BadRequest, match="no such model"):
        make_provider("openai", settings).ask(QUESTION)
    server.close()


def test_openai_needs_no_key_elsewhere():
    server = ScriptedServer()
    server.script(OpenAIWire().answer(TEXT))
    settings = ProviderSettings("ant", model="gpt-test-1", base_url=server.url + "/v1/")
    assert make_provider("openai", settings).ask(QUESTION).text == TEXT
    assert OpenAIWire().key(server.seen[0]) == "none"
    assert "max_tokens" in server.seen[0].body
    server.close()


def test_openai_base_url_of_the_environment(monkeypatch):
    server = ScriptedServer()
    server.script(OpenAIWire().answer(TEXT))
    monkeypatch.setenv("OPENAI_BASE_URL", server.url + "/v1")
    assert make_provider("openai", ProviderSettings("ant", "gpt-test-1")).ask(QUESTION).text == TEXT
    OpenAIWire().check_path(server.seen[0])
    server.close()
