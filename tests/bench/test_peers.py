"""Peers that answer, are missing, crash, hang or babble: each is a line of the table."""

import sys

import pytest

from lamour_jax.bench.peers.catalogue import PEERS, PeerSpec
from lamour_jax.bench.peers.measure import command, compare
from lamour_jax.bench.table import Table

SPEC = PeerSpec("a peer", "json", "none", against="training")

ANSWERS = """
import sys
print("ready", flush=True)
for line in sys.stdin:
    print(100.0, flush=True)
"""


def ours(spec):
    return "ours, training", lambda seconds: 150.0


def rows(script: str, spec: PeerSpec = SPEC, counterpart=ours, patience: float = 30.0):
    table = Table({})
    start = [sys.executable, "-c", script]
    compare(spec, start, counterpart, "hopper", 0.01, table, patience)
    return table.rows


def test_peer_and_ours_in_turns():
    theirs, mine = rows(ANSWERS)
    assert (theirs.what, theirs.value, theirs.ratio) == ("a peer", 100.0, None)
    assert (mine.what, mine.value) == ("ours, training", 150.0)
    assert (mine.ratio_to, mine.ratio) == ("a peer", 1.5)


def test_peer_without_a_counterpart():
    [row] = rows(ANSWERS, counterpart=lambda spec: None)
    assert row.value == 100.0


@pytest.mark.parametrize(
    ("script", "patience", "complaint"),
    [
        ("raise RuntimeError('out of memory')", 30.0, "(exit code 1): RuntimeError: out of memory"),
        ("print('ready', flush=True); input(); raise SystemExit(3)", 30.0, "exit code 3"),
        ("import time; time.sleep(60)", 0.3, "no answer within 0 s"),
        (ANSWERS.replace("ready", "hello"), 30.0, "'hello'"),
        (ANSWERS.replace("100.0", "'fast'"), 30.0, "'fast'"),
    ],
    ids=["crash", "crash when asked", "hang", "no greeting", "no number"],
)
def test_what_goes_wrong_is_a_row(script, patience, complaint):
    [row] = rows(script, patience=patience)
    assert row.value is None
    assert row.note.startswith("skipped: ") and complaint in row.note


def test_missing_peer_says_how_to_get_it():
    [row] = rows("", PeerSpec("a peer", "no_such_package", "none"))
    assert "pip install lamour_jax[bench]" in row.note


def test_every_peers_command_is_a_module():
    for spec in PEERS:
        _, _, module, *rest = command(spec, "hopper")
        __import__(module)
        assert rest == [*spec.arguments, "hopper"]
