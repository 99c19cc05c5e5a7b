"""Control steps per second over the number of robots, against the engine without anything around.

The limit of "native" is `mujoco.batch.Batch` on the same model, of "mjx" a scan of vmapped
`mjx.step` with the same solver settings; both step from the same starts with random actions. "warp"
has none yet: its figures stand alone.
"""

import dataclasses
from collections.abc import Callable, Sequence

import jax
import numpy as np
from mujoco.batch import Batch

from envs.base import RecoveryEnv
from envs.physics import PhysicsState
from envs.physics.quiet_mjx import mjx
from envs.wrappers import VectorEnv
from lamour_jax.bench.programs import compile_program, stateless
from lamour_jax.bench.subject import Subject
from lamour_jax.bench.table import Row, Table, measured
from lamour_jax.bench.timing import Rate, in_turns, timed
from lamour_jax.rollout import collect, random_actions

PART = "physics"
STEPS_PER_CALL = 16_384  # of all robots: some tenths of a second on two cores
CONTROL_STEPS = 4, 256  # fewest and most of one robot in a call

# (its rate, what compiling took); by engine: (name, how it is made)
Limit = tuple[Rate, float | None]
LimitMaker = Callable[[RecoveryEnv, PhysicsState, int], Limit]


def default_num_envs(engine: str) -> tuple[int, ...]:
    """As the device allows: on a CPU MJX takes long for thousands of robots, and Warp as long for a
    step of one robot as for one of hundreds."""
    if jax.default_backend() == "cpu" and engine != "native":
        return (256,) if engine == "warp" else (16, 256)
    return (1, 16, 64, 256, 1024, 4096)


def measure(
    subject: Subject, engines: Sequence[str], num_envs: Sequence[int], budget: float, table: Table
) -> None:
    """Adds a row for each engine and number of robots, and for the limit of each.

    Args:
      num_envs: numbers of robots; none for the engine's own.
      budget: seconds for each measurement.
    """
    for engine in engines:
        env = subject.make_env(engine)
        for count in num_envs or default_num_envs(engine):
            _measure_engine(subject, env, count, budget, table)


def environment(
    subject: Subject, env: RecoveryEnv, num_envs: int
) -> tuple[Rate, Row, PhysicsState]:
    """Robots with rewards, observations and resets: their rate in control steps of all of them, a
    row to be filled in, and the physics [N, ...] that they begin with."""
    length = steps_per_call(num_envs)
    vector = VectorEnv(env, num_envs)
    robots = jax.jit(vector.reset)(jax.random.key(0))
    act = random_actions(env.action_size)
    # Everything is returned: XLA leaves out what nobody asks for.
    program = compile_program(
        f"{env.backend} environment, {num_envs} robots",
        lambda robots, key: collect(vector, subject.rule, act, robots, key, length),
        robots,
        jax.random.key(1),
    )
    memory = program.memory_bytes
    row = Row(
        PART,
        "environment",
        env.backend,
        env.name,
        num_envs,
        compile_seconds=program.compile_seconds,
        note="" if memory is None else f"[{memory / num_envs / 1e3:.1f} kB a robot]",
    )
    rate = stateless(program, (robots, jax.random.key(1)), num_envs * length)
    return rate, row, robots.robots.pipeline_state.physics


def steps_per_call(num_envs: int) -> int:
    """Control steps of each robot in one call of a program."""
    fewest, most = CONTROL_STEPS
    return min(max(STEPS_PER_CALL // num_envs, fewest), most)


def raw_batch(env: RecoveryEnv, start: PhysicsState, length: int) -> Limit:
    """`mujoco.batch.Batch` on all cores, `length` control steps a call."""
    qpos, qvel = np.asarray(start.qpos), np.asarray(start.qvel)
    batch = Batch(env.model, len(qpos))
    ctrl = np.random.default_rng(0).uniform(-1, 1, (length, len(qpos), env.action_size))

    def call() -> None:
        batch.bind("qpos")[:] = qpos
        batch.bind("qvel")[:] = qvel
        batch.bind("qacc_warmstart")[:] = 0
        for action in ctrl:
            batch.bind("ctrl")[:] = action
            batch.step(nstep=env.num_substeps)

    return timed(call, length * len(qpos)), None


def bare_mjx(env: RecoveryEnv, start: PhysicsState, length: int) -> Limit:
    """A scan of vmapped `mjx.step` that carries MJX's own data, `length` control steps a call."""
    model = mjx.put_model(env.engine.model)
    num_envs = len(start.qpos)

    def control_step(data: mjx.Data, key: jax.Array) -> tuple[mjx.Data, None]:
        ctrl = jax.random.uniform(key, (num_envs, env.action_size), minval=-1.0)
        return jax.lax.scan(
            lambda data, _: (jax.vmap(mjx.step, in_axes=(None, 0))(model, data), None),
            data.replace(ctrl=ctrl),
            length=env.num_substeps,
        )

    def run(start: PhysicsState, key: jax.Array) -> tuple[jax.Array, jax.Array]:
        data = jax.vmap(lambda qpos, qvel: mjx.make_data(model).replace(qpos=qpos, qvel=qvel))(
            start.qpos, start.qvel
        )
        data, _ = jax.lax.scan(control_step, data, jax.random.split(key, length))
        return data.qpos, data.qvel

    arguments = start, jax.random.key(1)
    program = compile_program(f"bare mjx.step, {num_envs} robots", run, *arguments)
    return stateless(program, arguments, num_envs * length), program.compile_seconds


LIMITS: dict[str, tuple[str, LimitMaker]] = {
    "native": ("raw mujoco.batch", raw_batch),
    "mjx": ("bare mjx.step", bare_mjx),
}


def _measure_engine(
    subject: Subject, env: RecoveryEnv, num_envs: int, budget: float, table: Table
) -> None:
    rate, row, start = environment(subject, env, num_envs)
    contenders = {"environment": rate}
    if env.backend in LIMITS:
        name, make_limit = LIMITS[env.backend]
        limit, compile_seconds = make_limit(env, start, steps_per_call(num_envs))
        contenders[name] = limit
    samples = in_turns(contenders, budget)
    held_against = (name, samples[name]) if env.backend in LIMITS else None
    unit = "control steps/s"
    table.add(dataclasses.replace(row, **measured(samples["environment"], unit, held_against)))
    if held_against:
        table.add(
            Row(
                PART,
                name,
                env.backend,
                env.name,
                num_envs,
                **measured(samples[name], unit),
                compile_seconds=compile_seconds,
            )
        )
