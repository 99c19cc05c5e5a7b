"""Runs cells in processes of their own, several at once, each on its share of the cores."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from experiments.original_policies import ROOT
from experiments.paper.cells import Study, begin_attempt, end_attempt, is_finished
from experiments.paper.grid import Cell, recover_arguments
from lamour_jax.trainer import stop_requests

CHILD = (sys.executable, "-u", "-m", "experiments.paper.child")
POLL_SECONDS = 0.2

Cores = tuple[int, ...] | None


class Stopped(Exception):
    """Somebody asked the grid to stop; its cells have saved their states."""


class Child(NamedTuple):
    """A running cell."""

    cell: Cell
    process: subprocess.Popen
    cores: Cores


def _say(message: str) -> None:
    print(message, flush=True)


def run_cells(
    study: Study,
    cells: Sequence[Cell],
    jobs: int,
    done: Callable[[Cell], None],
    say: Callable[[str], None] = _say,
) -> list[Cell]:
    """Runs `cells`, `jobs` at once; returns those that broke.

    Cells that another process is running are left to it.

    Args:
      done: told of every finished cell.
      say: told what happens.

    Raises:
      Stopped: by Ctrl-C or SIGTERM.
    """
    workers, waiting = _Workers(study, jobs, done, say), deque(cells)
    with stop_requests() as stop_requested:
        while (waiting or workers.busy) and not stop_requested():
            while waiting and workers.free:
                workers.start(waiting.popleft())
            time.sleep(POLL_SECONDS)
            workers.reap()
    if stop_requested():
        workers.stop()
        raise Stopped
    return workers.broken


def core_shares(jobs: int) -> list[Cores]:
    """A share of this process's cores for each of `jobs`; None, all, where the OS cannot tell."""
    if not hasattr(os, "sched_getaffinity"):
        return [None] * jobs
    cores = sorted(os.sched_getaffinity(0))
    return [tuple(cores[k::jobs]) or (cores[k % len(cores)],) for k in range(jobs)]


def default_jobs() -> int:
    """One for each core: cells do not wait for one another, as threads of one would. One at a time
    on an accelerator, which JAX takes whole."""
    # Asked of another process: this one must not take the accelerator from its children.
    command = [sys.executable, "-c", "import jax; print(jax.default_backend())"]
    backend = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1]
    if backend != "cpu":
        return 1
    [cores] = core_shares(1)
    return len(cores or range(os.cpu_count() or 1))


class _Workers:
    """The processes that are running, and the cores that are free."""

    def __init__(
        self, study: Study, jobs: int, done: Callable[[Cell], None], say: Callable[[str], None]
    ):
        self._study, self._jobs, self._done, self._say = study, jobs, done, say
        self._children: list[Child] = []
        self.free = core_shares(jobs)
        self.broken: list[Cell] = []

    @property
    def busy(self) -> bool:
        return bool(self._children)

    def start(self, cell: Cell) -> None:
        """Starts a cell on free cores, or goes on with it."""
        cores = self.free.pop(0)
        try:
            process = _launch(self._study, cell, cores, self._jobs)
        except BlockingIOError:
            self.free.append(cores)
            self._say(f"{cell.name}: another process is running it")
            return
        self._children.append(Child(cell, process, cores))
        self._say(f"{cell.name}: started, its log is {self._study.log(cell)}")

    def reap(self) -> None:
        """Sees to the cells whose processes ended."""
        for child in [child for child in self._children if child.process.poll() is not None]:
            self._children.remove(child)
            self.free.append(child.cores)
            if is_finished(self._study.run_folder(child.cell)):
                self._done(child.cell)
                continue
            ended = f"exit code {child.process.returncode}"
            end_attempt(self._study, child.cell, ended)
            self.broken.append(child.cell)
            self._say(f"{child.cell.name}: broken, {ended}")

    def stop(self) -> None:
        """Asks all to save and end; Ctrl-C while they do ends them at once."""
        self._say(f"stopping {len(self._children)} cells; they save their states ...")
        for child in self._children:
            child.process.terminate()
        try:
            for child in self._children:
                child.process.wait()
        except KeyboardInterrupt:
            for child in self._children:
                child.process.kill()
        for child in self._children:
            end_attempt(self._study, child.cell, "interrupted")


def _launch(study: Study, cell: Cell, cores: Cores, jobs: int) -> subprocess.Popen:
    """Starts a cell's process.

    Raises:
      BlockingIOError: it has one already.
    """
    log = study.log(cell)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file:
        # The child has the open file and with it the lock, for as long as it lives.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        task = {"cores": cores, "resume": _prepare(study, cell), "recover": _arguments(study, cell)}
        begin_attempt(study, cell, cores, jobs)
        return subprocess.Popen(
            [*CHILD, json.dumps(task)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,  # Ctrl-C is this process's to pass on
        )


def _prepare(study: Study, cell: Cell) -> bool:
    """Whether there is a checkpoint to go on from; what else an earlier process left goes."""
    folder = study.run_folder(cell)
    # A half written checkpoint has a longer name.
    resuming = any(path.name.isdigit() for path in (folder / "checkpoint").glob("*"))
    if folder.exists() and not resuming:
        shutil.rmtree(folder)
    return resuming


def _arguments(study: Study, cell: Cell) -> dict[str, Any]:
    policy, out = study.files[cell.robot], study.run_folder(cell)
    return {**recover_arguments(cell, study.preset, policy, out), **study.overrides}
