"""Peers that answer, are missing, crash, hang or babble: each is a line of the table."""

import sys
import time
from functools import partial
from pathlib import Path

import pytest

from lamour_jax.bench.peers.catalogue import PEERS, PeerSpec
from lamour_jax.bench.peers.measure import command, compare
from lamour_jax.bench.table import Table

SPEC = PeerSpec("a peer", "json", "none", (), "sac")

ANSWERS = """
import sys
print("ready", flush=True)
for line in sys.stdin:
    print(100.0, flush=True)
"""


def ours(spec):
    return {"ours": lambda seconds: 150.0, "ours, plain": lambda seconds: 200.0}


@pytest.fixture
def rows(tmp_path):
    return partial(_rows, tmp_path)


def _rows(folder: Path, script: str, spec: PeerSpec = SPEC, ours=ours, patience: float = 30.0):
    table = Table({}, folder)
    start = [sys.executable, "-c", script]
    compare(spec, start, ours, "hopper", 0.01, table, patience)
    return table.rows


def test_peer_and_ours_in_turns(rows):
    theirs, mine, plain = rows(ANSWERS)
    assert (theirs.what, theirs.value, theirs.ratio) == ("a peer", 100.0, None)
    assert (mine.what, mine.value) == ("ours", 150.0)
    assert (mine.ratio_to, mine.ratio) == ("a peer", 1.5)
    assert (plain.what, plain.ratio_to, plain.ratio) == ("ours, plain", "a peer", 2.0)


# Counts in the background, as idle threads that spin do, and answers how far it has come.
SPINNING = """
import sys, threading, time
count = 0
def spin():
    global count
    while True:
        count += 1
        time.sleep(0.001)
threading.Thread(target=spin, daemon=True).start()
print("ready", flush=True)
for line in sys.stdin:
    print(float(count), flush=True)
"""


def test_peer_is_stopped_in_our_turns(rows):
    def ours(spec):
        return {"ours": lambda seconds: time.sleep(0.3) or 1.0}

    theirs, _ = rows(SPINNING, ours=ours)
    # Five turns lie 1.2 s apart from first to last: some thousand counts were it running.
    assert theirs.high - theirs.low < 300


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
def test_what_goes_wrong_is_a_row(rows, script, patience, complaint):
    [row] = rows(script, patience=patience)
    assert row.value is None
    assert row.note.startswith("skipped: ") and complaint in row.note


def test_missing_peer_says_how_to_get_it(rows):
    [row] = rows("", PeerSpec("a peer", "no_such_package", "none", (), "sac"))
    assert "pip install -e '.[bench]'" in row.note


def test_every_peers_command_is_a_module():
    for spec in PEERS:
        _, _, module, *rest = command(spec, "hopper")
        __import__(module)
        assert rest == [*spec.arguments, "hopper"]
