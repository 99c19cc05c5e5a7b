"""Does a translated reward cost more than one written by hand? Compiled rollouts, warm, in turns.

    python experiments/reward_speed.py [--num-envs 256] [--steps 200] [--repeats 11]

The ant's recorded reward code, translated, against the same reward as a person would write it in
jnp. Prints control steps per second of both and their ratio, with the spread of the repeats.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp

import envs
from envs.wrappers import VectorEnv
from lamour_jax.cli import common
from lamour_jax.cli.generate import generate
from lamour_jax.recovery import make_rule
from lamour_jax.rewardcode import load_program
from lamour_jax.rollout import collect, random_actions

ROBOT = "ant"


def by_hand() -> SimpleNamespace:
    """The recorded ant's reward, in jnp."""

    def errors(state):
        height = jnp.maximum(0.0, jnp.maximum(0.35 - state[0], state[0] - 0.95))
        w, x, y, z = state[1:5] / jnp.linalg.norm(state[1:5])
        roll = jnp.arctan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
        pitch = jnp.arcsin(jnp.clip(2.0 * (w * y - z * x), -1.0, 1.0))
        tilt = jnp.arccos(jnp.clip(jnp.cos(roll) * jnp.cos(pitch), -1.0, 1.0))
        return tilt, height

    def is_recovered(state):
        tilt, height = errors(state)
        return jnp.where((tilt <= 0.6) & (height <= 0.06), 1.0, 0.0)

    def calculate_reward(state, action):
        tilt, height = errors(state)
        return -tilt - 2.0 * height - 0.01 * jnp.sum(action * action)

    def is_sound(state, action):
        return jnp.isfinite(calculate_reward(state, action)) & jnp.isfinite(is_recovered(state))

    return SimpleNamespace(
        is_recovered=is_recovered, calculate_reward=calculate_reward, is_sound=is_sound
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num-envs", type=int, default=256)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=11)
    options = parser.parse_args()
    common.set_up()
    with tempfile.TemporaryDirectory() as folder:
        translated = load_program(generate(env=ROBOT, out=Path(folder) / "reward")[0].folder)
    env = VectorEnv(envs.make(ROBOT), options.num_envs)
    robots = jax.jit(env.reset)(jax.random.key(0))
    act = random_actions(env.env.action_size)
    rollouts = {}
    for name, program in (("translated", translated), ("by hand", by_hand())):
        rule = make_rule("lamour", [program])
        run = jax.jit(lambda robots, key, rule=rule: collect(env, rule, act, robots, key,
                                                             options.steps)[1])  # fmt: skip
        rollouts[name] = run
    key = jax.random.key(1)
    results = {name: jax.block_until_ready(run(robots, key)) for name, run in rollouts.items()}
    aux = {name: result.transitions.aux_reward for name, result in results.items()}
    difference = float(jnp.max(jnp.abs(aux["translated"] - aux["by hand"])))
    seconds: dict[str, list[float]] = {name: [] for name in rollouts}
    for _ in range(options.repeats):
        for name, run in rollouts.items():
            began = time.perf_counter()
            jax.block_until_ready(run(robots, key))
            seconds[name].append(time.perf_counter() - began)
    steps = options.num_envs * options.steps
    for name, times in seconds.items():
        rates = sorted(steps / t for t in times)
        print(f"{name:11s} {statistics.median(rates):8.0f} control steps/s"
              f" ({rates[0]:.0f} to {rates[-1]:.0f})")  # fmt: skip
    ratios = [b / a for a, b in zip(seconds["translated"], seconds["by hand"], strict=True)]
    print(
        f"translated / by hand: {statistics.median(ratios):.3f}; rewards differ by {difference:.1e}"
    )


if __name__ == "__main__":
    main()
