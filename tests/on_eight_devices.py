"""Run by test_devices.py in a process with eight virtual devices; prints what it finds as JSON."""

import json
import sys
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np

import envs
from envs.base import RecoveryEnv
from envs.wrappers import VectorEnv
from lamour_jax.agents.ppo.agent import make_ppo
from lamour_jax.agents.sac.agent import make_sac
from lamour_jax.config import PPOConfig, SACConfig, TrainConfig
from lamour_jax.devices import make_mesh
from lamour_jax.errors import UserError
from lamour_jax.networks import Actor
from lamour_jax.policy import policy_from_params
from lamour_jax.programs import compile_programs, lay_out
from lamour_jax.recovery import make_rule
from lamour_jax.uncertainty import make_uncertainty
from tests.scripted import Scripted

CONFIG = SACConfig(
    num_envs=16,
    random_steps=64,
    replay_capacity=1024,
    grad_updates_per_step=2,
    batch_size=256,
    ending_batch_size=64,
    whole_episodes_after=0.01,  # anchors count in the first ten updates, endings after them
    anchor_batch_size=64,
    anchor_value_share=0.05,
    hidden_sizes=(32, 32),
    critic_layer_norm=True,
    dropout_rate=0.0,
)
PPO = PPOConfig(
    num_envs=16, unroll_length=8, num_epochs=2, num_minibatches=2, value_warmup=1,
    hidden_sizes=(32, 32),
)  # fmt: skip
TRAIN = TrainConfig(num_updates=1000, eval_every=20)  # epochs of ten iterations
SHARDS = 8  # also where one device holds all of them: the same randomness everywhere


def program(weight: float) -> SimpleNamespace:
    """A reward program; members of a population differ in its weight."""
    return SimpleNamespace(
        is_recovered=lambda state: (state[0] > 0.5).astype(jnp.int32),
        calculate_reward=lambda state, action: -weight * jnp.sum(action**2) - jnp.abs(state[0]),
        is_sound=lambda state, action: jnp.bool_(True),
    )


def compiled(env: RecoveryEnv, num_devices: int, weights=(1.0,), config=CONFIG):
    """Compiled programs of a training on `num_devices`, and the original policy that it needs; with
    SeRO's rewards where there are no programs to weigh."""
    num_members = max(len(weights), 1)
    seeds = [TRAIN.seed] * num_members if num_members > 1 else None
    mesh = make_mesh(num_devices, num_members=num_members, divisible=config.split_numbers)
    vector = VectorEnv(env, CONFIG.num_envs, pool_size=16, mesh=mesh)
    original = Actor(env.action_size, CONFIG.hidden_sizes).init(
        jax.random.key(3), jnp.zeros((1, env.observation_size))
    )
    policy = policy_from_params(env.name, original, {})
    uncertainty = make_uncertainty(policy, np.full(CONFIG.hidden_sizes[-1], 0.1, np.float32))
    method = "lamour" if weights else "sero"
    rule = make_rule(method, [program(weight) for weight in weights], uncertainty)
    make = make_ppo if isinstance(config, PPOConfig) else make_sac
    # Not from the original policy: there the anchors' gradient is zero, and what rounding makes of
    # that would be all that Adam sees.
    agent = make(config, vector, rule, TRAIN.num_updates, from_original=False, num_shards=SHARDS)
    return compile_programs(lay_out(agent, original, TRAIN, seeds, mesh)), original


def trained(programs, original, epochs: int = 2):
    """The state after some epochs."""
    state = programs.init(programs.key, original)
    for _ in range(epochs):
        state, metrics = programs.epoch(state, original)
    return state, metrics


def difference(one, other) -> float:
    """The largest difference between two trees, relative to the numbers' size."""
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return max(
        float(np.max(np.abs(np.asarray(a) - np.asarray(b)) / (1e-3 + np.abs(np.asarray(b)))))
        for a, b in pairs
    )


def one_training(name: str) -> dict:
    """One training on one and on eight devices."""
    env = envs.make(name, "ood") if name in envs.names() else Scripted("ood", episode_length=6)
    config = PPO if name == "ppo" else CONFIG
    weights = () if name == "sero" else (1.0,)
    one, original = compiled(env, 1, weights, config)
    eight, _ = compiled(env, 8, weights, config)
    begun = jax.device_get(one.actor_params(one.init(one.key, original)))
    state, metrics = trained(one, original)
    shared, shared_metrics = trained(eight, original)
    text = eight.epoch.as_text()
    robots = shared.robots.robots.obs
    return {
        "moved": difference(one.actor_params(state), begun),
        "difference": difference(shared.learner, state.learner),
        "metrics_difference": difference(shared_metrics, metrics),
        "work": eight.epoch.cost_analysis()["flops"] / one.epoch.cost_analysis()["flops"],
        "robot_shards": [list(shard.data.shape) for shard in robots.addressable_shards],
        "actor_is_whole": jax.tree.leaves(eight.actor_params(shared))[0].is_fully_replicated,
        "gathered": max(_sizes(text, "all-gather"), default=0),
        "reduced": sum(_sizes(text, "all-reduce")) > 0,
    }


def population() -> dict:
    """Two members on one device, and on a mesh of 2 x 4."""
    env, weights = Scripted("ood", episode_length=6), (1.0, 30.0)
    (one, original), (eight, _) = compiled(env, 1, weights), compiled(env, 8, weights)
    state, _ = trained(one, original)
    shared, _ = trained(eight, original)
    actors = shared.learner.learner.actor
    return {
        "difference": difference(shared.learner.learner, state.learner.learner),
        "members_differ": difference(*(jax.tree.map(lambda x, k=k: x[k], actors) for k in (0, 1))),
        "row_shards": [list(s.data.shape) for s in shared.learner.replay.rows.addressable_shards],
    }


def refusals() -> list[str]:
    """What is said of devices that cannot share the work."""
    return [
        _refusal(9, 1, {}),
        _refusal(6, 1, {"num_envs": 6, "batch_size": 128}),
        _refusal(6, 2, {"num_envs": 6, "batch_size": 128}),
        _refusal(8, 1, {"num_envs": 7}),
    ]


def _refusal(num_devices: int, num_members: int, numbers: dict[str, int]) -> str:
    try:
        make_mesh(num_devices, num_members=num_members, divisible=numbers)
    except UserError as error:
        return str(error)
    raise AssertionError("it was not refused")


def _sizes(text: str, operation: str) -> list[int]:
    """Numbers of elements that each such operation of a compiled program brings together."""
    sizes = []
    for line in text.splitlines():
        head = line.split(f" {operation}(")[0]
        if head == line or "=" not in head:
            continue
        shapes = head.split("=", 1)[1]
        for part in shapes.split("[")[1:]:
            numbers = [int(n) for n in part.split("]")[0].split(",") if n]
            sizes.append(int(np.prod(numbers, dtype=int)))
    return sizes


if __name__ == "__main__":
    what = sys.argv[1]
    others = {"population": population, "refusals": refusals}
    print(json.dumps(others[what]() if what in others else one_training(what)))
