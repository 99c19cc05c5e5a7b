"""`lamour generate` as a person starts it, against a server on this machine: what is asked, said,
paid and kept."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lamour_jax.cli.main import main
from tests.lvlm.scripted_server import OpenAIWire, ScriptedServer, Step

KEY = "sk-secret-of-this-test"
GOOD = """
def is_recovered(state):
    return int(abs(state[1]) < 0.2 and state[0] > 0.9)

def calculate_reward(state, action):
    return -abs(state[1]) - abs(state[0] - 1.2) - 0.01 * np.sum(np.square(action)) - 0.1
"""
BAD = GOOD.replace("abs(state[1]) -", "open('/etc/passwd') -")
WORDS = ["It lies on its back.", "Raise the torso."]


@pytest.fixture
def server():
    made = ScriptedServer()
    yield made
    made.close()


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """A cache of their own for all runs here; answers in it belong to one server's address."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder
    assert not any(KEY in text for text in kept_texts(folder))


def generate(server, folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Runs the command."""
    environment = {**os.environ, "OPENAI_API_KEY": KEY, "NO_PROXY": "*"}
    done = subprocess.run(
        [sys.executable, "-m", "lamour_jax.cli.main", "generate", "--env", "hopper"]
        + ["--lvlm", "openai", "--model", "m", "--base-url", f"{server.url}/v1"]
        + ["--out", str(folder), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stderr
    for text in (done.stdout, done.stderr, *kept_texts(folder.parent)):
        assert KEY not in text
    return done


def kept_texts(folder: Path) -> list[str]:
    suffixes = (".json", ".py", ".txt")
    return [p.read_text() for p in folder.rglob("*") if p.is_file() and p.suffix in suffixes]


def exchanges(folder: Path) -> list[dict]:
    return json.loads((folder / "transcript.json").read_text())["exchanges"]


def steps(wire, *texts):
    return [wire.answer(text) for text in texts]


def test_two_candidates_of_which_one_needs_repair_and_nothing_is_paid_twice(server, tmp_path):
    wire = OpenAIWire()
    server.script(*steps(wire, *WORDS, GOOD, f"Sure!\n```python\n{BAD}```", GOOD))
    folder = tmp_path / "out"
    done = generate(server, folder, "--candidates", "2", "--price", "1", "10")
    assert done.returncode == 0, done.stderr
    assert len(server.seen) == 5 and server.beyond == 0
    # The picture went along with the first question only, and is the one that is kept.
    picture = (folder / "candidate-1" / "image.png").read_bytes()
    assert wire.image(server.seen[0])[-1] == picture
    assert "open" in wire.prompt(server.seen[4]) and "line" in wire.prompt(server.seen[4])
    first, second = exchanges(folder / "candidate-1"), exchanges(folder / "candidate-2")
    assert [e["stage"] for e in first][2:] == ["code_generation"]
    assert [e["stage"] for e in second][2:] == ["code_generation", "repair"]
    assert [e["verdict"]["accepted"] for e in second[2:]] == [False, True]
    for name in ("candidate-1", "candidate-2"):
        assert json.loads((folder / name / "verdict.json").read_text())["accepted"]
    cost = json.loads((folder / "metrics.json").read_text())["cost_usd"]
    assert cost == pytest.approx(sum(e["cost_usd"] for e in first + second[2:]))
    assert "$" in done.stdout

    again = generate(server, tmp_path / "again", "--candidates", "2", "--price", "1", "10")
    assert again.returncode == 0, again.stderr
    assert len(server.seen) == 5 and server.beyond == 0
    assert json.loads((tmp_path / "again" / "metrics.json").read_text())["cost_usd"] == 0


def test_what_was_answered_before_a_failure_is_kept_and_not_asked_again(server, tmp_path):
    wire = OpenAIWire()
    server.script(*steps(wire, *WORDS), wire.blocked()[1])
    folder = tmp_path / "out"
    done = generate(server, folder)
    assert done.returncode == 2
    assert "block" in done.stderr.lower()
    assert [e["answer"] for e in exchanges(folder)] == WORDS
    server.script(*steps(wire, GOOD))
    done = generate(server, tmp_path / "next")
    assert done.returncode == 0, done.stderr
    assert len(server.seen) == 4 and server.beyond == 0


def test_of_text_alone_one_question_is_asked_without_a_picture(server, tmp_path):
    wire = OpenAIWire()
    server.script(*steps(wire, GOOD), wire.blocked()[1])
    folder = tmp_path / "out"
    done = generate(server, folder, "--text-only", "--candidates", "2")
    assert done.returncode == 0, done.stderr
    assert "this task:" in wire.prompt(server.seen[0])
    assert "image_url" not in json.dumps(server.seen[0].body)
    assert not list(folder.rglob("image.png"))
    # The second answer was refused before anything was said: the first candidate is still there.
    [exchange] = exchanges(folder / "candidate-1")
    assert exchange["verdict"]["accepted"] and not (folder / "candidate-2").exists()


def test_text_alone_is_recorded_for_some_robots_only(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "lamour_jax.cli.main", "generate", "--env", "hopper"]
        + ["--text-only", "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 2
    assert "no conversation about hopper is recorded" in done.stderr


@pytest.mark.parametrize("other", [["--text-only"], ["--lvlm", "openai"]])
def test_a_recording_is_not_chosen_where_none_is_replayed(other, tmp_path, capsys):
    out = tmp_path / "out"
    given = ["generate", "--env", "push_chair", "--recording", "2", *other, "--out", str(out)]
    assert main(given) == 2
    assert other[-1] in capsys.readouterr().err and not out.exists()


def test_a_refused_key_ends_it_at_once(server, tmp_path):
    wire = OpenAIWire()
    server.script(Step(wire.error(401, f"Incorrect API key provided: {KEY}"), 401))
    done = generate(server, tmp_path / "out")
    assert done.returncode == 2
    assert len(server.seen) == 1
    assert "the key was refused" in done.stderr


def test_the_limit_on_costs_ends_it_before_a_question(server, tmp_path):
    done = generate(server, tmp_path / "out", "--price", "1", "1000", "--max-cost", "0.01")
    assert done.returncode == 2
    assert server.seen == []
    assert "0.01" in done.stderr


def test_code_that_stays_wrong_is_refused_with_its_line_and_kept(server, tmp_path):
    wire = OpenAIWire()
    server.script(*steps(wire, *WORDS, *[BAD] * 4))
    folder = tmp_path / "out"
    done = generate(server, folder)
    assert done.returncode == 2
    assert len(server.seen) == 6 and server.beyond == 0
    assert "line 5" in done.stderr and "open" in done.stderr
    assert not json.loads((folder / "verdict.json").read_text())["accepted"]
    assert len(exchanges(folder)) == 6


def test_a_known_good_program_passes_on_every_robot():
    import envs
    from lamour_jax.cli.check import make_checker
    from lamour_jax.cli.generate import KNOWN_GOOD

    for robot in envs.names():
        verdict = make_checker(robot)(KNOWN_GOOD)
        assert verdict.accepted, verdict.summary()


def test_a_server_that_answers_nothing_useful(server, tmp_path):
    server.script(*[Step("<html>hello</html>")] * 3)
    done = generate(server, tmp_path / "out")
    assert done.returncode == 2
    assert not (tmp_path / "out" / "reward.py").exists()
