"""Updates per second of the SAC learner alone, as a share of the machine's matrix products."""

from collections.abc import Sequence
from dataclasses import replace

import jax
import jax.numpy as jnp

from envs.base import RecoveryEnv
from lamour_jax.agents.sac.learner import Learner
from lamour_jax.anchors import Anchors
from lamour_jax.bench.flops import update_flops
from lamour_jax.bench.programs import Loop, compile_program, stateless
from lamour_jax.bench.subject import Subject
from lamour_jax.bench.table import Row, Table, measured
from lamour_jax.bench.timing import Rate, Sample, in_turns, repeats_for
from lamour_jax.config import SACConfig
from lamour_jax.consolidation import Gaussian
from lamour_jax.presets import sac_config
from lamour_jax.types import Transition

PART = "learner"
BATCHES = (64, 128, 256, 512, 1024, 4096)
HIDDEN_SIZES = (256, 256)
MATMUL_SHAPES = (
    (256, 256),
    (1024, 256),
    (1024, 1024),
    (4096, 256),
    (2048, 2048),
    (4096, 4096),
)  # [M, K] @ [K, K]
MATRIX_PRODUCTS = "matrix products"
UPDATES = "SAC updates"
_NUM_UPDATES = 1_000_000  # the schedules' length


def measure(
    subject: Subject,
    engine: str,
    budget: float,
    table: Table,
    batches: Sequence[int] = BATCHES,
    shapes: Sequence[tuple[int, int]] = MATMUL_SHAPES,
) -> None:
    """Adds the machine's matrix product rate, and a row for each batch size.

    Args:
      engine: of the robot whose sizes are taken; no physics runs.
      budget: seconds for each measurement.
    """
    env = subject.make_env(engine)
    with table.attempt(Row(PART, MATRIX_PRODUCTS)):
        best = _measure_matmul(shapes, budget, table)
        for batch in batches:
            config = replace(
                sac_config(env.name, "paper"), batch_size=batch, hidden_sizes=HIDDEN_SIZES
            )
            with table.attempt(Row(PART, UPDATES, robot=env.name, batch=batch)):
                _measure_update(subject, env, config, best, budget, table)


def updates(
    subject: Subject, env: RecoveryEnv, config: SACConfig, length: int
) -> tuple[Loop, float | None, float | None]:
    """`length` updates a call, each from a batch (and anchors) of its own, on random transitions.

    Were it one batch for all, XLA would ask the frozen original policy only once.

    Returns the program, the seconds that its compilation took, and XLA's count of the floating-
    point operations of one update.
    """
    learner = Learner(config, env.observation_size, env.action_size, _NUM_UPDATES)
    same_sizes = subject.original.hidden_sizes == config.hidden_sizes
    original = subject.original.params if same_sizes else None
    state = learner.init(jax.random.key(0), original)
    batches = _transitions(env, (length, config.batch_size)), _anchors(env, config, length)

    def run(state, batches, original):
        def one(state, inputs):
            (batch, anchors), key = inputs
            return learner.update(state, batch, original, key, anchors)

        keys = jax.random.split(jax.random.key(1), length)
        return jax.lax.scan(one, state, (batches, keys))

    name = f"{length} updates of {config.batch_size}"
    program = compile_program(name, run, state, batches, original, donate=(0,))
    return Loop(program, state, batches, original), program.compile_seconds, program.flops


def updates_per_call(batch_size: int) -> int:
    """Some tenths of a second of work on two cores."""
    return max(1, min(64, 16_384 // batch_size))


def matmul(rows: int, size: int) -> Rate:
    """Operations per second of products [rows, size] @ [size, size], each on the last's result and
    as many in a call as make its launch short beside it."""
    x = jax.random.normal(jax.random.key(0), (rows, size))
    # So scaled, the results stay of one size.
    w = jax.random.normal(jax.random.key(1), (size, size)) / jnp.sqrt(size)

    def run(x, w, count):
        return jax.lax.fori_loop(0, count, lambda _, x: x @ w, x)

    name = f"products [{rows}, {size}] @ [{size}, {size}]"
    program = compile_program(name, run, x, w, jnp.int32(1))
    count = repeats_for(lambda count: jax.block_until_ready(program.call(x, w, jnp.int32(count))))
    return stateless(program, (x, w, jnp.int32(count)), 2.0 * rows * size * size * count)


def _measure_matmul(
    shapes: Sequence[tuple[int, int]], budget: float, table: Table
) -> dict[str, Rate]:
    """All shapes in turns; returns the best one's rate by its name."""
    rates = {
        f"{MATRIX_PRODUCTS} [{rows}, {size}] @ [{size}, {size}]": matmul(rows, size)
        for rows, size in shapes
    }
    samples = in_turns(rates, budget)
    for name, sample in samples.items():
        giga = Sample(tuple(rate / 1e9 for rate in sample.rates))
        table.add(Row(PART, name, **measured(giga, "GFLOP/s")))
    best = max(samples, key=lambda name: samples[name].median)
    return {best: rates[best]}


def _measure_update(
    subject: Subject,
    env: RecoveryEnv,
    config: SACConfig,
    best: dict[str, Rate],
    budget: float,
    table: Table,
) -> None:
    length = updates_per_call(config.batch_size)
    loop, compile_seconds, xla_flops = updates(subject, env, config, length)
    flops = update_flops(
        env.observation_size,
        env.action_size,
        config.hidden_sizes,
        config.batch_size,
        consolidation=subject.original.hidden_sizes == config.hidden_sizes,
    )
    # In operations while it is measured, so that the ratio is the share of the machine's rate.
    samples = in_turns({"update": loop.rate(float(length * flops)), **best}, budget)
    share = samples["update"].ratio_to(next(samples[name] for name in best))
    counted = "" if xla_flops is None else f", {xla_flops / 1e9:.3f} by XLA's count"
    per_second = Sample(tuple(rate / flops for rate in samples["update"].rates))
    table.add(
        Row(
            PART,
            UPDATES,
            robot=env.name,
            batch=config.batch_size,
            **measured(per_second, "updates/s"),
            ratio_to=MATRIX_PRODUCTS,
            ratio=share,
            compile_seconds=compile_seconds,
            note=f"[{flops / 1e9:.3f} GFLOP an update{counted}]",
        )
    )


def _anchors(env: RecoveryEnv, config: SACConfig, length: int) -> Anchors | None:
    """Made-up anchors [length, C, ...], if the settings ask for any."""
    if not config.anchor_batch_size:
        return None
    shape = length, config.anchor_batch_size
    keys = jax.random.split(jax.random.key(3))
    action = *shape, env.action_size
    return Anchors(
        obs=jax.random.normal(keys[0], (*shape, env.observation_size)),
        recovered=jnp.ones(shape),
        original=Gaussian(jax.random.normal(keys[1], action), jnp.full(action, -1.0)),
    )


def _transitions(env: RecoveryEnv, shape: tuple[int, ...]) -> Transition:
    """Made-up transitions [*shape, ...]; a third of their states count as recovered."""
    keys = jax.random.split(jax.random.key(2), 5)
    obs, next_obs = (jax.random.normal(key, (*shape, env.observation_size)) for key in keys[:2])
    return Transition(
        obs=obs,
        action=jax.random.uniform(keys[2], (*shape, env.action_size), minval=-1.0),
        reward=jax.random.normal(keys[3], shape),
        discount=jnp.ones(shape),
        next_obs=next_obs,
        aux_reward=jnp.zeros(shape),
        recovered=jax.random.bernoulli(keys[4], 1 / 3, shape).astype(jnp.float32),
        healthy=jnp.ones(shape),
    )
