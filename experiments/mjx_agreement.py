"""How well MJX and Warp with few solver iterations agree with native MuJoCo, and what it costs.

One control step from many states, visited from both starts by random actions and, where there is
a policy, by that; the error is the largest over an observation's entries. The table's last row per
robot is native MuJoCo against itself with its input moved by one float32 rounding: what no engine
on float32 can undercut. Run: python -m experiments.mjx_agreement --robots hopper
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import envs
from envs.base import RecoveryEnv
from envs.physics import SolverLimits, available_engines, make_engine
from lamour_jax.cli.common import set_up
from lamour_jax.policy import load_policy

LIMITS = ((1, 4), (2, 4), (4, 8), (8, 16), (100, 50))
POLICIES = Path(__file__).parent / "policies"


class Row(NamedTuple):
    """Errors of an observation after one control step, and control steps per second."""

    median: float
    p99: float
    share_above_a_hundredth: float
    speed: float


def visit(env: RecoveryEnv, act, key: jax.Array, num_robots: int, num_steps: int):
    """(states [N, ...], actions [N, A]) of `num_robots` robots on their way, fallen or not."""

    def one_step(state, key):
        action = act(state.obs, key)
        return jax.vmap(env.step)(state, action), (state.pipeline_state, action)

    keys = jax.random.split(key, num_robots + num_steps)
    state = jax.vmap(env.reset)(keys[:num_robots])
    _, visited = jax.lax.scan(one_step, state, keys[num_robots:])
    return jax.tree.map(lambda x: x.reshape(num_robots * num_steps, *x.shape[2:]), visited)


def visited_states(robot: str, policies: Path, num_states: int):
    """A sample of states and actions from random and, if there is one, trained behaviour."""
    both = [envs.make(robot, start, "native") for start in ("normal", "ood")]
    env, steps = both[0], 200

    def random_actions(obs: jax.Array, key: jax.Array) -> jax.Array:
        return jax.random.uniform(key, (len(obs), env.action_size), minval=-1.0)

    parts = [visit(env, random_actions, jax.random.key(0), 16, steps) for env in both]
    path = policies / f"{robot}.msgpack"
    if path.is_file():
        sizes = {"observation_size": env.observation_size, "action_size": env.action_size}
        policy = load_policy(path, robot=robot, **sizes)

        def trained(obs: jax.Array, key: jax.Array) -> jax.Array:
            return jnp.tanh(policy.network.apply(policy.params, obs)[0])

        parts += [visit(env, trained, jax.random.key(1), 16, steps) for env in both]
    each = num_states // len(parts)
    chosen = np.random.default_rng(0)
    picks = [chosen.choice(16 * steps, each, replace=False) for _ in parts]
    parts = [
        jax.tree.map(lambda x, pick=pick: x[pick], part)
        for part, pick in zip(parts, picks, strict=True)
    ]
    return jax.tree.map(lambda *x: jnp.concatenate(x), *parts)


def measure(env: RecoveryEnv, engine, states, actions, reference: np.ndarray) -> Row:
    """One engine against the observations that native MuJoCo reaches."""
    step = jax.jit(jax.vmap(lambda state, action: env.observe(engine.step(state, action))))
    reached = np.asarray(step(states, actions))  # compiles
    seconds = []
    for _ in range(3):
        began = time.monotonic()
        step(states, actions).block_until_ready()
        seconds.append(time.monotonic() - began)
    speed = len(actions) / min(seconds)
    error = np.abs(reached - reference).max(axis=1)
    error = np.where(np.isfinite(error), error, np.inf)
    return Row(
        float(np.median(error)), float(np.quantile(error, 0.99)), np.mean(error > 1e-2), speed
    )


def agreement(robot: str, policies: Path, num_states: int, engines: Sequence[str]) -> None:
    """Prints a robot's rows."""
    env = envs.make(robot, "ood", "native")
    visited, actions = visited_states(robot, policies, num_states)
    states = visited.physics
    native = jax.jit(jax.vmap(lambda s, a: env.observe(env.engine.step(s, a))))
    reference = np.asarray(native(states, actions))

    def show(name: str, row: Row) -> None:
        print(
            f"| {robot} | {name} | {row.median:.1e} | {row.p99:.1e}"
            f" | {row.share_above_a_hundredth:.1%} | {row.speed:.0f} |",
            flush=True,
        )

    tried = sorted({*LIMITS, tuple(env.mjx_limits)})
    for name, all_limits in (("mjx", tried), ("warp", (env.mjx_limits,))):
        if name not in engines:
            continue
        for limits in all_limits:
            engine = make_engine(
                name, env.model, num_substeps=env.num_substeps, mjx_limits=SolverLimits(*limits)
            )
            row = measure(env, engine, states, actions, reference)
            show(f"{name} {limits[0]} / {limits[1]}", row)
    nudged = jax.tree.map(lambda x: jnp.nextafter(x, jnp.inf), states)
    show("native, input rounded", measure(env, env.engine, nudged, actions, reference))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robots", nargs="+", default=list(envs.shipped()))
    parser.add_argument("--policies", type=Path, default=POLICIES, help="ROBOT.msgpack in a folder")
    parser.add_argument("--engines", nargs="+", default=available_engines(), help="mjx, warp")
    parser.add_argument("--states", type=int, default=512)
    args = parser.parse_args()
    set_up()
    print("| robot | engine | median error | 99th percentile | above 0.01 | control steps/s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for robot in args.robots:
        agreement(robot, args.policies, args.states, args.engines)


if __name__ == "__main__":
    main()
