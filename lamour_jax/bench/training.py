"""Whole training, and what the parts of SAC's cost.

A part is timed alone where it is a program of its own (physics, replay, updates), else as the
difference of two programs that differ in it (environment, reward program, policy). What the parts
leave of the whole is the rest.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from envs.base import RecoveryEnv
from envs.wrappers import VectorEnv
from lamour_jax.agents.ppo.agent import make_ppo
from lamour_jax.agents.sac.agent import make_sac
from lamour_jax.bench.learner import updates
from lamour_jax.bench.programs import Loop, Program, compile_program, stateless
from lamour_jax.bench.subject import Subject
from lamour_jax.bench.table import Row, Table, measured
from lamour_jax.bench.timing import Rate, Sample, in_turns
from lamour_jax.config import LearnerConfig, PPOConfig, SACConfig, sac_config
from lamour_jax.networks import sample_pre_tanh
from lamour_jax.recovery import RecoveryRule
from lamour_jax.replay import make_replay
from lamour_jax.rollout import Act, blank_transition, collect, random_actions
from lamour_jax.types import TrainState

PART = "training"
PRESETS = ("paper", "fast")
WHOLE = "SAC training"
UPDATES_PER_CALL = 64
_NUM_UPDATES = 1_000_000  # the schedules' length


class Whole(NamedTuple):
    """Training as it runs.

    Attributes:
      rate: of iterations (steps of all robots with the updates that they are followed by).
      control_steps: the rate of control steps of all robots.
      length: iterations in a call.
      program: compiled.
      state: before the first iteration.
    """

    rate: Rate
    control_steps: Rate
    length: int
    program: Program
    state: TrainState


def measure(subject: Subject, engine: str, budget: float, table: Table) -> None:
    """Adds, for each preset, the whole and a row for each part.

    Args:
      engine: of the robots.
      budget: seconds for each measurement.
    """
    for preset in PRESETS:
        with table.attempt(Row(PART, f"{WHOLE}, preset {preset}", engine, subject.robot)):
            config = sac_config(subject.robot, preset, hidden_sizes=subject.original.hidden_sizes)
            _measure_preset(subject, engine, preset, config, budget, table)


def whole(
    subject: Subject, env: RecoveryEnv, config: LearnerConfig, rule: RecoveryRule | None = None
) -> Whole:
    """Training from the original policy, as `lamour recover` does.

    Args:
      rule: the rewards; those of the recorded program by default.
    """
    vector = VectorEnv(
        env,
        config.num_envs,
        episode_length=config.episode_length,
        falls_end=config.falls_end,
    )
    rule = rule or subject.rule
    if isinstance(config, PPOConfig):
        agent, steps = make_ppo(config, vector, rule, _NUM_UPDATES), config.unroll_length
    else:
        agent, steps = make_sac(config, vector, rule, _NUM_UPDATES), 1
    original = subject.original.params
    length = max(1, UPDATES_PER_CALL // agent.updates_per_iteration)
    state = jax.jit(agent.init)(jax.random.key(0), original)

    def epoch(state: TrainState, original: Any):
        state, metrics = jax.lax.scan(
            lambda state, _: agent.iterate(state, original), state, length=length
        )
        return state, jax.tree.map(jnp.mean, metrics)

    name = f"training by {type(config).__name__.removesuffix('Config')}"
    program = compile_program(name, epoch, state, original, donate=(0,))
    loop = Loop(program, state, original)
    control_steps = loop.rate(length * steps * config.num_envs)
    return Whole(loop.rate(length), control_steps, length, program, state)


def _measure_preset(
    subject: Subject, engine: str, preset: str, config: SACConfig, budget: float, table: Table
) -> None:
    env = subject.make_env(engine)
    training = whole(subject, env, config)
    samples = in_turns({WHOLE: training.rate, **_programs(subject, env, config, training)}, budget)

    def row(what: str, **figures: Any) -> Row:
        sizes: dict[str, Any] = {"num_envs": config.num_envs, "batch": config.batch_size}
        return Row(PART, what, engine=env.backend, robot=env.name, **sizes, **figures)

    iterations = samples[WHOLE]
    steps = Sample(tuple(rate * config.num_envs for rate in iterations.rates))
    table.add(
        row(
            f"{WHOLE}, preset {preset}",
            **measured(steps, "control steps/s"),
            compile_seconds=training.program.compile_seconds,
            memory_bytes=training.program.memory_bytes,
            note=f"[{iterations.median * config.grad_updates_per_step:.0f} updates/s]",
        )
    )
    for part, seconds in parts(samples).items():
        table.add(
            row(
                f"{part}, preset {preset}",
                value=1e3 * seconds,
                unit="ms an iteration",
                ratio_to="the whole",
                ratio=seconds * iterations.median,
            )
        )


def parts(samples: dict[str, Sample]) -> dict[str, float]:
    """Seconds of each part of an iteration, from the programs' iterations per second."""
    seconds = {name: 1.0 / sample.median for name, sample in samples.items()}
    known = {
        "physics": seconds["physics"],
        "environment": seconds["steps without a program"] - seconds["physics"],
        "reward program": seconds["steps"] - seconds["steps without a program"],
        "policy": seconds["steps by the policy"] - seconds["steps"],
        "replay": seconds["replay"],
        "updates": seconds["updates"],
    }
    return {**known, "rest": seconds[WHOLE] - sum(known.values())}


def _programs(
    subject: Subject, env: RecoveryEnv, config: SACConfig, training: Whole
) -> dict[str, Rate]:
    """The programs whose times tell the parts; rates are of iterations."""
    length = training.length
    vector = VectorEnv(
        env,
        config.num_envs,
        episode_length=config.episode_length,
        falls_end=config.falls_end,
    )
    robots, key = training.state.robots, jax.random.key(1)
    random = random_actions(env.action_size)
    network, original = subject.original.network, subject.original.params

    def by_policy(obs: jax.Array, key: jax.Array) -> tuple[jax.Array, None]:
        mean, log_std = network.apply(original, obs)
        return jnp.tanh(sample_pre_tanh(jnp.asarray(mean), jnp.asarray(log_std), key)), None

    def steps(rule: RecoveryRule, act: Act) -> Callable:
        return lambda robots, key: collect(vector, rule, act, robots, key, length)

    def physics(robots, key):
        def one(state, key):
            action, _ = random(robots.robots.obs, key)
            return jax.vmap(env.engine.step)(state, action), None

        start = robots.robots.pipeline_state.physics
        return jax.lax.scan(one, start, jax.random.split(key, length))[0]

    functions = {
        "physics": physics,
        "steps without a program": steps(subject.plain_rule, random),
        "steps": steps(subject.rule, random),
        "steps by the policy": steps(subject.rule, by_policy),
    }
    rates = {
        name: stateless(compile_program(name, function, robots, key), (robots, key), length)
        for name, function in functions.items()
    }
    learning, _, _ = updates(subject, env, config, length * config.grad_updates_per_step)
    return {
        **rates,
        "replay": _replay(env, config, training).rate(length),
        "updates": learning.rate(length),
    }


def _replay(env: RecoveryEnv, config: SACConfig, training: Whole) -> Loop:
    """Inserting a step of all robots and sampling the batches of an iteration."""
    example = blank_transition(env.observation_size, env.action_size)
    replay = make_replay(example, config.replay_capacity)
    shape = config.grad_updates_per_step, config.batch_size
    step = jax.tree.map(lambda leaf: jnp.ones((1, config.num_envs, *leaf.shape)), example)
    valid = jnp.ones((1, config.num_envs), bool)
    first = training.state.learner.replay
    drawn = jax.tree.map(lambda leaf: jnp.zeros((*shape, *leaf.shape)), example)

    def run(state, step):
        def one(state, key):
            ring = replay.insert(state[0], step, valid)
            return (ring, replay.sample(ring, key, shape)), None

        return jax.lax.scan(one, state, jax.random.split(jax.random.key(1), training.length))

    state = (first, drawn)
    program: Program = compile_program("replay", run, state, step, donate=(0,))
    return Loop(program, state, step)
