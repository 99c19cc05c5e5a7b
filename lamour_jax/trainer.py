"""The host's loop: epoch, evaluate, log, checkpoint. Knows no algorithm and no robot."""

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from lamour_jax.config import TrainConfig
from lamour_jax.runs import Run
from lamour_jax.types import Agent, Params, TrainState

UPDATES_PER_EPOCH = 250  # the host wakes between epochs: seconds on a laptop, less elsewhere

Evaluate = Callable[[Params, jax.Array], dict[str, Any]]  # (actor, key) -> measures


class Interrupted(Exception):
    """Somebody asked the run to stop; its state was saved."""


class Diverged(Exception):
    """The learner's numbers are no longer finite; the last checkpoint is from before."""


@dataclass(frozen=True)
class Programs:
    """The compiled regions of training: `init` and one donated `epoch`."""

    init: Callable
    epoch: Callable
    iterations_per_epoch: int
    compile_seconds: float
    shapes: TrainState


def compile_programs(
    agent: Agent, original: Params | None, config: TrainConfig, grad_updates_per_step: int
) -> Programs:
    """Compiles ahead of time, so that what it takes is known and shown apart."""
    began = time.monotonic()
    length = max(1, min(UPDATES_PER_EPOCH, config.eval_every) // grad_updates_per_step)

    def epoch(state: TrainState, original: Params | None):
        state, metrics = jax.lax.scan(
            lambda state, _: agent.iterate(state, original),
            agent.begin_epoch(state),
            length=length,
        )
        return state, jax.tree.map(jnp.mean, metrics)

    key = jax.random.key(config.seed)
    init = jax.jit(agent.init)
    shapes = jax.eval_shape(agent.init, key, original)
    compiled_epoch = jax.jit(epoch, donate_argnums=0).lower(shapes, original).compile()
    compiled_init = init.lower(key, original).compile()
    return Programs(compiled_init, compiled_epoch, length, time.monotonic() - began, shapes)


def train(
    agent: Agent,
    programs: Programs,
    evaluate: Evaluate,
    original: Params | None,
    config: TrainConfig,
    run: Run,
    *,
    resume: bool = False,
    good_enough: Callable[[dict[str, Any]], bool] = lambda measures: False,
) -> Params:
    """Trains until `config.num_updates` or until an evaluation is `good_enough`.

    Returns the parameters of the best evaluated policy (success rate first, then return).

    Raises:
      Interrupted: by Ctrl-C or SIGTERM, after the epoch was finished and the state saved.
      Diverged: a loss is NaN or infinite.
    """
    state = _first_state(programs, original, config, run, resume)
    eval_key = jax.random.fold_in(jax.random.key(config.seed), 0x5EED)
    updates = int(state.updates)
    next_eval = (updates // config.eval_every + 1) * config.eval_every
    saved_at = time.monotonic()
    with _stop_requests() as stop_requested, run.progress(config.num_updates, updates) as progress:
        while updates < config.num_updates:
            state, metrics = programs.epoch(state, original)
            numbers = {name: float(value) for name, value in metrics.items()}
            updates, env_steps = int(state.updates), int(state.env_steps)
            _refuse_divergence(numbers, updates)
            progress.epoch(updates, env_steps, numbers)
            stop = stop_requested()
            if stop:
                run.checkpoints.save(updates, state)
                raise Interrupted
            if updates < next_eval and updates < config.num_updates:
                continue
            next_eval += config.eval_every
            actor = agent.actor_params(state)
            measures = evaluate(actor, jax.random.fold_in(eval_key, updates))
            run.record_evaluation(updates, env_steps, measures, actor)
            progress.evaluation(measures)
            done = good_enough(measures) or updates >= config.num_updates
            if done or time.monotonic() - saved_at > 60 * config.checkpoint_minutes:
                run.checkpoints.save(updates, state)
                saved_at = time.monotonic()
            if done:
                break
    return run.best_actor()


def _first_state(programs, original, config: TrainConfig, run: Run, resume: bool) -> TrainState:
    if resume:
        # Copied: an epoch donates its argument, and orbax may hold on to what it restored.
        return jax.tree.map(jnp.copy, run.checkpoints.restore(programs.shapes))
    return programs.init(jax.random.key(config.seed), original)


def _refuse_divergence(numbers: dict[str, float], updates: int) -> None:
    bad = [name for name, value in numbers.items() if not math.isfinite(value)]
    if bad:
        raise Diverged(
            f"training diverged before update {updates}: {', '.join(bad)} is not finite. The"
            " checkpoint from before is kept; try a lower learning rate."
        )


@contextmanager
def _stop_requests() -> Iterator[Callable[[], bool]]:
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
