"""Control steps per second over the number of robots, against the engine without anything around.

The limit of "native" is `mujoco.batch.Batch` on the same model, of "mjx" a scan of vmapped
`mjx.step` with the same solver settings; both step from the same starts with random actions. "warp"
has none yet: its figures stand alone.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from mujoco.batch import Batch

from envs.base import RecoveryEnv
from envs.physics import PhysicsState
from envs.physics.native import usable_cores
from envs.physics.quiet_mjx import mjx
from envs.wrappers import VectorEnv
from lamour_jax.bench.programs import Program, compile_program, stateless
from lamour_jax.bench.subject import Subject
from lamour_jax.bench.table import Row, Table, measured
from lamour_jax.bench.timing import Rate, in_turns, timed
from lamour_jax.rollout import collect, random_actions

PART = "physics"
UNIT = "control steps/s"
# Control steps of all HalfCheetahs in a call: some tenths of a second on two cores, and on an
# accelerator. On a CPU Warp takes as long for a step of one robot as for one of hundreds.
STEPS_PER_CALL = {"native": 16_384, "mjx": 4_096, "warp": 1}
STEPS_PER_CALL_OF_ACCELERATORS = 262_144
HALF_CHEETAHS_WORK = 5 * 9  # physics steps in a control step times degrees of freedom
CONTROL_STEPS = 1, 256  # fewest and most of one robot in a call


class Contender(NamedTuple):
    """Something that steps robots.

    Attributes:
      rate: control steps of all of them per second.
      program: compiled; None where nothing is.
      memory_bytes: what it takes; None where nobody says.
    """

    rate: Rate
    program: Program | None = None
    memory_bytes: int | None = None


LimitMaker = Callable[[RecoveryEnv, PhysicsState, int], Contender]


def default_num_envs(engine: str) -> tuple[int, ...]:
    """As the device allows: on a CPU MJX and Warp take long for thousands of robots."""
    if jax.default_backend() == "cpu" and engine != "native":
        return (1, 256) if engine == "warp" else (1, 16, 64, 256, 1024)
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
        for count in num_envs or default_num_envs(engine):
            with table.attempt(_row("environment", engine, subject.robot, count)):
                _measure_engine(subject, engine, count, budget, table)


def environment(
    subject: Subject, env: RecoveryEnv, num_envs: int
) -> tuple[Contender, PhysicsState]:
    """Robots with rewards, observations and resets, and the physics [N, ...] that they begin with.

    Their memory is the program's but for the transitions, which are as many as its length asks.
    """
    length = steps_per_call(env, num_envs)
    vector = VectorEnv(env, num_envs)
    robots = jax.jit(vector.reset)(jax.random.key(0))
    act = random_actions(env.action_size)

    arguments = robots, jax.random.key(1)
    # Everything is returned: XLA leaves out what nobody asks for.
    program = compile_program(
        f"{env.backend} environment, {num_envs} robots",
        lambda robots, key: collect(vector, subject.rule, act, robots, key, length),
        *arguments,
    )
    memory = program.memory_bytes
    if memory is not None:
        memory -= _size(program.out_info[1])
    rate = stateless(program, arguments, num_envs * length)
    return Contender(rate, program, memory), robots.robots.pipeline_state.physics


def steps_per_call(env: RecoveryEnv, num_envs: int) -> int:
    """Control steps of each robot in one call of a program; fewer of what takes more physics."""
    accelerated = jax.default_backend() != "cpu" and env.backend != "native"
    steps = STEPS_PER_CALL_OF_ACCELERATORS if accelerated else STEPS_PER_CALL[env.backend]
    work = max(1.0, env.num_substeps * env.model.nv / HALF_CHEETAHS_WORK)
    fewest, most = CONTROL_STEPS
    return min(max(int(steps / work / num_envs), fewest), most)


def raw_batch(env: RecoveryEnv, start: PhysicsState, length: int) -> Contender:
    """`mujoco.batch.Batch` on as many cores as ours, `length` control steps a call."""
    qpos, qvel = np.asarray(start.qpos), np.asarray(start.qvel)
    batch = Batch(env.model, len(qpos), usable_cores())
    ctrl = np.random.default_rng(0).uniform(-1, 1, (length, len(qpos), env.action_size))

    def call() -> None:
        batch.bind("qpos")[:] = qpos
        batch.bind("qvel")[:] = qvel
        batch.bind("qacc_warmstart")[:] = 0
        for action in ctrl:
            batch.bind("ctrl")[:] = action
            batch.step(nstep=env.num_substeps)

    return Contender(timed(call, length * len(qpos)))


def bare_mjx(env: RecoveryEnv, start: PhysicsState, length: int) -> Contender:
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
    rate = stateless(program, arguments, num_envs * length)
    return Contender(rate, program, program.memory_bytes)


LIMITS: dict[str, tuple[str, LimitMaker]] = {  # by engine: its name, how it is made
    "native": ("raw mujoco.batch", raw_batch),
    "mjx": ("bare mjx.step", bare_mjx),
}


def _measure_engine(
    subject: Subject, engine: str, num_envs: int, budget: float, table: Table
) -> None:
    env = subject.make_env(engine)
    ours, start = environment(subject, env, num_envs)
    contenders, limit = {"environment": ours}, None
    if env.backend in LIMITS:
        limit, make_limit = LIMITS[env.backend]
        contenders[limit] = make_limit(env, start, steps_per_call(env, num_envs))
    samples = in_turns({name: one.rate for name, one in contenders.items()}, budget)
    for name, contender in contenders.items():
        held_against = (limit, samples[limit]) if limit not in (None, name) else None
        program = contender.program
        table.add(
            _row(
                name,
                env.backend,
                env.name,
                num_envs,
                **measured(samples[name], UNIT, held_against),
                compile_seconds=None if program is None else program.compile_seconds,
                memory_bytes=contender.memory_bytes,
            )
        )


def _row(what: str, engine: str, robot: str, num_envs: int, **figures: Any) -> Row:
    return Row(PART, what, engine, robot, num_envs, **figures)


def _size(shapes: Any) -> int:
    """Bytes of arrays of these shapes."""
    leaves = jax.tree.leaves(shapes)
    return sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in leaves)
