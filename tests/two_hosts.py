"""Run by test_hosts.py, in two processes that stand for hosts, and alone:
`WHAT FOLDER [auto | HOST:PORT ID]`.

The two train the scripted world, are interrupted, and go on; one process with as many devices does
it in one go, and then goes on with what the two left.
"""

import json
import os
import shutil
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np

from lamour_jax import hosts
from lamour_jax.errors import UserError
from lamour_jax.runs import Run, create_run, read_config, shared_run
from lamour_jax.trainer import Interrupted, train
from tests.on_eight_devices import CONFIG, PPO, TRAIN, compiled
from tests.scripted import Scripted

NUM_UPDATES = {"sac": 80, "population": 80, "ppo": 48}
INTERRUPTED = "interrupted"  # a copy of the two processes' run, as it was when it was interrupted


def settings(what: str):
    """(weights of the reward programs, the learner's settings, the run's)"""
    weights = (1.0, 30.0) if what == "population" else (1.0,)
    every = 16 if what == "ppo" else TRAIN.eval_every
    train_config = replace(
        TRAIN, num_updates=NUM_UPDATES[what], eval_every=every, checkpoint_minutes=0.0
    )
    return weights, PPO if what == "ppo" else CONFIG, train_config


def new_run(folder: Path, what: str) -> Run:
    """A run folder of the scripted world."""
    members = [f"member-{k}" for k in range(2)] if what == "population" else []
    seeds = [1] * len(members) or None
    config = {"robot": "scripted", "observation_size": 2, "action_size": 1}
    return create_run(folder, {**config, "members": members, "member_seeds": seeds})


def existing_run(folder: Path) -> Run:
    """A run to go on with."""
    return Run(folder, read_config(folder))


def evaluated(actor, key) -> dict:
    """Stands for an evaluation; only the leader may come here."""
    assert hosts.leads()
    assert all(isinstance(x, np.ndarray) or x.is_fully_addressable for x in jax.tree.leaves(actor))
    return {"success_rate": 0.0, "return": float(np.asarray(jax.tree.leaves(actor)[0]).mean())}


def stopped_in_second_epoch(programs):
    """The programs, where process 1 is told to stop while the second epoch runs."""
    epochs = iter(range(100))

    def epoch(state, original):
        if next(epochs) == 1 and jax.process_index() == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return programs.epoch(state, original)

    return replace(programs, epoch=epoch)


def two(what: str, folder: Path) -> dict:
    """What each of two processes does."""
    weights, learner, config = settings(what)
    programs, original = compiled(Scripted("ood", episode_length=6), 2, weights, learner)
    place = folder / "two"
    found = {}
    with shared_run(lambda: new_run(place, what)) as run:
        found["folders_are_apart"] = (run.folder == place) == hosts.leads()
        try:
            train(stopped_in_second_epoch(programs), evaluated, original, config, run)
        except Interrupted:
            found["interrupted"] = True
    if hosts.leads():
        shutil.copytree(place, folder / "copied")
        (folder / "copied").rename(folder / INTERRUPTED)
    with shared_run(lambda: existing_run(place)) as run:
        train(programs, evaluated, original, config, run, resume=True)
    return found


def messages() -> dict:
    """What processes tell one another."""
    here = jax.process_index()
    long = bytes(range(256)) * 20_000 if here == 1 else b"short"
    told = hosts.each(lambda: {"id": here, "content": long})

    def fail() -> None:
        if here == 1:
            raise OSError("no disk")

    try:
        hosts.agree(fail)
    except (OSError, UserError) as error:
        failure = f"{type(error).__name__}: {error}"
    return {
        "ids": [answer["id"] for answer in told],
        "sizes": [len(answer["content"]) for answer in told],
        "intact": told[1]["content"] == bytes(range(256)) * 20_000,
        "from_leader": hosts.from_leader(lambda: here),
        "failure": failure,
    }


def alone(what: str, folder: Path) -> dict:
    """What one process with two devices does."""
    weights, learner, config = settings(what)
    programs, original = compiled(Scripted("ood", episode_length=6), 2, weights, learner)
    with shared_run(lambda: new_run(folder / "alone", what)) as run:
        train(programs, evaluated, original, config, run)
    deadline = time.monotonic() + 300
    while not (folder / INTERRUPTED).exists():
        assert time.monotonic() < deadline, "the two processes were not interrupted in time"
        time.sleep(0.2)
    with shared_run(lambda: existing_run(folder / INTERRUPTED)) as run:
        train(programs, evaluated, original, config, run, resume=True)
    return {}


def lost(folder: Path) -> None:
    """The two talk; then process 1 dies while the leader waits for it."""
    write(folder, messages())
    if jax.process_index() == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    with hosts.losses_explained("start again"):
        hosts.each(lambda: "anybody?")


def write(folder: Path, found: dict) -> None:
    """Leaves what this process found to the test."""
    who = "alone" if jax.process_count() == 1 else jax.process_index()
    (folder / f"found-{who}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    what, folder = sys.argv[1], Path(sys.argv[2])
    if sys.argv[3:] == [hosts.AUTO]:
        hosts.join(hosts.AUTO, timeout=120)
    elif len(sys.argv) > 3:
        hosts.join(sys.argv[3], 2, int(sys.argv[4]), timeout=120)
    try:
        if what == "lost":
            lost(folder)
        else:
            write(folder, (two if jax.process_count() == 2 else alone)(what, folder))
    except UserError as error:
        sys.exit(f"lamour: {error}")
