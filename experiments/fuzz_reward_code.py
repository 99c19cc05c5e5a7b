"""Tries the checker of reward code on random programs: does it ever crash or hang?

Half of them come out of the accepted grammar, half are broken versions of such programs and of the
tests' corpus. Every one goes through `check`, the whole path of a model's answer, in a worker
process. An exception that is nobody's finding, a worker that dies or takes longer than the limit:
the program goes to a file and the exit code is 1. Programs whose translation differs from the
original are refused, as they should be, and kept as well: each shows a fault of the translator.

Run: python -m experiments.fuzz_reward_code --minutes 10 --seed 1
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import random
import runpy
import sys
import textwrap
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import jax
import numpy as np

from experiments.reward_fuzz.mutations import mutated
from experiments.reward_fuzz.programs import random_program
from lamour_jax.rewardcode import SampleStates, check
from lamour_jax.rewardcode.sandbox import WALL_SECONDS

TESTS = Path(__file__).resolve().parents[1] / "tests" / "rewardcode"
STATE_SIZE, ACTION_SIZE = 27, 8  # where no robot is asked for
PROGRESS_SECONDS = 30.0
KEPT_MISMATCHES = 50
_GATE = "def is_recovered(state):\n    return int(state[0] > 0.0)\n\n\n"


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--env", help="a robot for the states; made-up ones without")
    parser.add_argument(
        "--limit", type=float, default=2 * WALL_SECONDS, help="seconds that a program may take"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/fuzz"), help="where failures go")
    options = parser.parse_args()
    fuzz = Fuzz(options.env, options.limit, options.out)
    return fuzz.run(options.seed, 60.0 * options.minutes)


class Fuzz:
    """One run: the worker, the counts, the failures."""

    def __init__(self, env: str | None, limit: float, out: Path):
        self.env = env
        self.limit = limit
        self.out = out
        self.rules: Counter[str] = Counter()
        self.accepted = self.programs = self.failures = self.mismatches = 0

    def run(self, seed: int, seconds: float) -> int:
        """Try programs until the time is over; the exit code."""
        begin = shown = time.monotonic()
        worker = Worker(self.env)
        for text in programs(random.Random(seed), *sizes_of(self.env)):
            outcome = worker.judge(text, self.limit)
            if outcome is None:  # it does not answer, or is dead
                outcome = [f"FAILURE: {worker.stop()}"]
                worker = Worker(self.env)
            self._count(text, outcome)
            now = time.monotonic()
            if now - shown > PROGRESS_SECONDS or now - begin > seconds:
                shown = now
                print(self._line(now - begin), flush=True)
            if now - begin > seconds:
                break
        worker.stop()
        for rule, count in self.rules.most_common():
            print(f"  {rule:24} {count}")
        return 1 if self.failures else 0

    def _count(self, text: str, outcome: list[str]) -> None:
        self.programs += 1
        self.accepted += not outcome
        self.rules.update(set(outcome))
        if any(rule.startswith("FAILURE") for rule in outcome):
            self.failures += 1
            self._keep(text, f"failure_{self.failures}.py", outcome)
        elif "mismatch" in outcome and self.mismatches < KEPT_MISMATCHES:
            self.mismatches += 1
            self._keep(text, f"mismatch_{self.mismatches}.py", outcome)

    def _keep(self, text: str, name: str, outcome: list[str]) -> None:
        self.out.mkdir(parents=True, exist_ok=True)
        path = self.out / name
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        print(f"{path}: {outcome[0]}", flush=True)

    def _line(self, seconds: float) -> str:
        refused = self.programs - self.accepted
        return (
            f"{seconds / 60:.1f} min: {self.programs} programs, {self.accepted} accepted, "
            f"{refused} refused by {len(self.rules)} rules, {self.failures} failures"
        )


class Worker:
    """A process that checks one program after the other."""

    def __init__(self, env: str | None):
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, env), daemon=True)
        self.process.start()
        theirs.close()
        self.pipe.recv()  # ready: compiling and importing do not count

    def judge(self, text: str, limit: float) -> list[str] | None:
        """The rules that a program breaks, or None where no answer comes."""
        try:
            self.pipe.send(text)
            return self.pipe.recv() if self.pipe.poll(limit) else None
        except (EOFError, OSError):
            return None

    def stop(self) -> str:
        """End the process; says how it was found."""
        self.process.join(1.0)
        code = self.process.exitcode
        self.process.kill()
        self.process.join()
        return "no answer in time" if code is None else f"died with exit code {code}"


def _work(pipe: Connection, env: str | None) -> None:
    samples = samples_of(env)
    pipe.send("ready")
    for count in itertools.count(1):
        text = pipe.recv()
        if count % 200 == 0:
            jax.clear_caches()  # every program leaves compiled functions behind
        try:
            verdict = check(text, samples)
            rules = [finding.rule for finding in verdict.errors]
            # `check` turns a fault of ours into a finding, so that a conversation can go on.
            faults = [f.message for f in verdict.errors if "cannot be handled" in f.message]
            pipe.send([f"FAILURE: {fault}" for fault in faults] + rules)
        except BaseException:
            pipe.send([f"FAILURE: {traceback.format_exc()}"])


def sizes_of(env: str | None) -> tuple[int, int]:
    """Numbers in a state and in an action."""
    samples = samples_of(env)
    return samples.state_size, samples.action_size


def samples_of(env: str | None) -> SampleStates:
    """The same states for every program."""
    if env is not None:
        from lamour_jax.cli import common
        from lamour_jax.cli.samples import sample_states

        starts = (common.make_env(env, start, "native") for start in ("normal", "ood"))
        return sample_states(*starts)
    generator = np.random.default_rng(0)
    random_states = generator.normal(size=(128, STATE_SIZE))
    healthy, ood = np.full((8, STATE_SIZE), 0.5), np.full((8, STATE_SIZE), -0.5)
    actions = generator.uniform(-1.0, 1.0, (64, ACTION_SIZE))
    return SampleStates(random_states, healthy, ood, actions)


def programs(rng: random.Random, state_size: int, action_size: int) -> Iterator[str]:
    """Random programs without end."""
    corpus = list(_corpus())
    while True:
        fresh = random_program(rng, state_size, action_size)
        if rng.randrange(2):
            yield fresh
        else:
            yield mutated(rng, rng.choice((fresh, *rng.choices(corpus, k=3))), corpus)


def _corpus() -> Iterator[str]:
    for path in sorted(TESTS.glob("corpus/*/*.py")):
        yield path.read_text(encoding="utf-8")
    for name in ("programs", "combined"):
        for body in runpy.run_path(str(TESTS / f"{name}.py"))[name.upper()].values():
            yield _program(textwrap.dedent(body).strip("\n"))
    for part in (TESTS / "corpus" / "escapes.txt").read_text(encoding="utf-8").split("\n### ")[1:]:
        yield _program(part.partition("\n")[2].strip("\n"))


def _program(body: str) -> str:
    if "def calculate_reward" in body:
        return body if "def is_recovered" in body else _GATE + body
    return f"{_GATE}def calculate_reward(state, action):\n{textwrap.indent(body, '    ')}\n"


if __name__ == "__main__":
    sys.exit(main())
