"""The host's loop: epoch, evaluate, log, checkpoint. Knows no algorithm and no robot."""

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import jax
import numpy as np

from lamour_jax import hosts
from lamour_jax.config import TrainConfig
from lamour_jax.population import member
from lamour_jax.programs import Programs
from lamour_jax.progress import Progress
from lamour_jax.runs import Run
from lamour_jax.types import Metrics, Params, TrainState

Evaluate = Callable[..., dict[str, Any]]  # (actor, key=key) -> measures


class Interrupted(Exception):
    """Somebody asked the run to stop; its state was saved."""


class Diverged(Exception):
    """The learner's numbers are no longer finite; the last checkpoint is from before."""


def train(
    programs: Programs,
    evaluate: Evaluate,
    original: Params | None,
    config: TrainConfig,
    run: Run,
    *,
    resume: bool = False,
    good_enough: Callable[[dict[str, Any]], bool] = lambda measures: False,
) -> None:
    """Trains until `config.num_updates` or until an evaluation is `good_enough`.

    The run's journals hold the curves and the best policies. Of several processes the leader
    evaluates, and all do what they agreed on.

    Raises:
      Interrupted: by Ctrl-C or SIGTERM (of any process), after the epoch was finished and the
        state saved.
      Diverged: a loss is NaN or infinite (of a population: of every member).
    """
    state = _first_state(programs, original, run, resume)
    eval_key = jax.random.fold_in(jax.random.key(config.seed), 0x5EED)
    updates = _updates(state)
    next_eval = (updates // config.eval_every + 1) * config.eval_every
    saved_at = time.monotonic()
    with (
        stop_requests() as stop_requested,
        Progress(config.num_updates, updates) as progress,
    ):
        watch = _Watch(run, progress)
        while updates < config.num_updates:
            state, metrics = programs.epoch(state, original)
            updates = _updates(state)
            env_steps = programs.env_steps(updates)
            numbers = _by_member(hosts.whole(metrics), programs.num_members)
            hosts.agree(partial(watch.epoch, updates, env_steps, numbers))
            if any(hosts.each(stop_requested)):
                run.checkpoints.save(updates, state)
                raise Interrupted
            if updates < next_eval and updates < config.num_updates:
                continue
            next_eval += config.eval_every
            actors = _by_member(hosts.whole(programs.actor_params(state)), programs.num_members)
            judge = partial(evaluate, key=jax.random.fold_in(eval_key, updates))
            best = watch.evaluation(updates, env_steps, actors, judge)
            done = good_enough(best) or updates >= config.num_updates
            if done or hosts.from_leader(partial(_is_due, config, saved_at)):
                run.checkpoints.save(updates, state)
                saved_at = time.monotonic()
            if done:
                break


class _Watch:
    """Tells the journals and the progress line what every member does; drops diverged ones."""

    def __init__(self, run: Run, progress: Progress):
        self._run = run
        self._progress = progress
        self._running = list(range(len(run.journals)))

    def epoch(self, updates: int, env_steps: int, metrics: list[Metrics]) -> None:
        """Logs an epoch.

        Raises:
          Diverged: no member is left.
        """
        numbers = [{name: float(x) for name, x in values.items()} for values in metrics]
        for k in list(self._running):
            bad = [name for name, value in numbers[k].items() if not math.isfinite(value)]
            if bad:
                self._drop(k, updates, bad)
                continue
            self._run.journals[k].log("epoch", updates, env_steps, self._run.seconds, numbers[k])
        self._progress.epoch(updates, env_steps, numbers[self._running[0]])

    def evaluation(
        self,
        updates: int,
        env_steps: int,
        actors: list[Params],
        evaluate: Callable[[Params], dict[str, Any]],
    ) -> dict[str, Any]:
        """Evaluates and records every member; returns the measures of the best one."""
        measures = {k: hosts.from_leader(partial(evaluate, actors[k])) for k in self._running}

        def record() -> None:
            for k, measured in measures.items():
                self._run.journals[k].record_evaluation(
                    updates, env_steps, self._run.seconds, measured, actors[k]
                )

        hosts.agree(record)
        best = max(measures, key=lambda k: self._run.journals[k].merit(measures[k]))
        self._progress.evaluation(measures[best], self._run.journals[best].name)
        return measures[best]

    def _drop(self, k: int, updates: int, bad: list[str]) -> None:
        self._running.remove(k)
        what = f"before update {updates}: {', '.join(bad)} is not finite"
        if not self._running:
            raise Diverged(
                f"training diverged {what}. The checkpoint from before is kept; try a lower"
                " learning rate."
            )
        self._progress.say(f"{self._run.journals[k].name} diverged {what}; the others go on")


def _by_member(tree: Any, num_members: int | None) -> list[Any]:
    if num_members is None:
        return [tree]
    return [member(tree, k) for k in range(num_members)]


def _is_due(config: TrainConfig, saved_at: float) -> bool:
    """Whether the last checkpoint is old enough for the next."""
    return time.monotonic() - saved_at > 60 * config.checkpoint_minutes


def _updates(state: TrainState) -> int:
    """So far; the same for all members of a population."""
    return int(np.max(hosts.whole(state.updates)))


def _first_state(programs: Programs, original: Params | None, run: Run, resume: bool) -> TrainState:
    if resume:
        return run.checkpoints.restore(programs.shapes)
    return programs.init(programs.key, original)


@contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Turns Ctrl-C and SIGTERM into a question that the loop asks between epochs."""
    requested = False

    def request(signum, frame):
        nonlocal requested
        requested = True

    old = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: requested
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
