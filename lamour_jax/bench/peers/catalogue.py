"""The peers: what they are called, what they need, what of ours they are held against."""

from dataclasses import dataclass

BENCH_EXTRA = "pip install -e '.[bench]'"
VECTOR_ENVS = 16  # robots of the peers that step many


@dataclass(frozen=True)
class PeerSpec:
    """A peer.

    Attributes:
      name: for the table.
      package: what must be importable.
      module: in this package, run with `arguments` and the robot's name.
      against: our counterpart: "sac", "ppo" or "environment".
      num_envs: robots side by side.
    """

    name: str
    package: str
    module: str
    arguments: tuple[str, ...]
    against: str
    num_envs: int = 1


PEERS = (
    PeerSpec("SBX SAC", "sbx", "stable_baselines", ("sbx",), "sac"),
    PeerSpec(
        "Stable-Baselines3 SAC",
        "stable_baselines3",
        "stable_baselines",
        ("stable_baselines3",),
        "sac",
    ),
    PeerSpec("brax SAC", "brax", "brax_trainers", ("sac", "1"), "sac"),
    PeerSpec("brax PPO", "brax", "brax_trainers", ("ppo", "256"), "ppo", 256),
    PeerSpec(
        "Gymnasium SyncVectorEnv",
        "gymnasium",
        "gymnasium_vector",
        ("sync", str(VECTOR_ENVS)),
        "environment",
        VECTOR_ENVS,
    ),
    PeerSpec(
        "Gymnasium AsyncVectorEnv",
        "gymnasium",
        "gymnasium_vector",
        ("async", str(VECTOR_ENVS)),
        "environment",
        VECTOR_ENVS,
    ),
)

# Gymnasium's robots by our names.
GYMNASIUM = {
    "ant": "Ant-v5",
    "half_cheetah": "HalfCheetah-v5",
    "hopper": "Hopper-v5",
    "walker2d": "Walker2d-v5",
}
