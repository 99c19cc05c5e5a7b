"""The peers: what they are called, what they need, what of ours they are held against."""

from dataclasses import dataclass

BENCH_EXTRA = "pip install lamour_jax[bench]"
VECTOR_ENVS = 16  # robots of the peers that step many


@dataclass(frozen=True)
class PeerSpec:
    """A peer.

    Attributes:
      name: for the table.
      package: what must be importable.
      module: in this package, run with `arguments` and the robot's name.
      against: "training" or "environment": our counterpart; "" where there is none.
      num_envs: robots side by side.
    """

    name: str
    package: str
    module: str
    arguments: tuple[str, ...] = ()
    against: str = ""
    num_envs: int = 1


PEERS = (
    PeerSpec("SBX SAC", "sbx", "stable_baselines", ("sbx",), "training"),
    PeerSpec(
        "Stable-Baselines3 SAC",
        "stable_baselines3",
        "stable_baselines",
        ("stable_baselines3",),
        "training",
    ),
    PeerSpec("brax SAC", "brax", "brax_trainers", ("sac", "1"), "training"),
    PeerSpec("brax PPO", "brax", "brax_trainers", ("ppo", "256"), num_envs=256),
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
