"""Gymnasium's vector environments: control steps per second of all robots, random actions.

python -m lamour_jax.bench.peers.gymnasium_vector sync|async NUM_ENVS ROBOT
"""

import sys

import numpy as np

from lamour_jax.bench.peers.catalogue import GYMNASIUM
from lamour_jax.bench.peers.serving import Requests
from lamour_jax.bench.timing import timed


def main() -> None:
    mode, count, robot = sys.argv[1:]
    requests = Requests()
    import gymnasium

    num_envs = int(count)
    vector = gymnasium.make_vec(GYMNASIUM[robot], num_envs=num_envs, vectorization_mode=mode)
    vector.reset(seed=0)
    assert vector.action_space.shape is not None
    shape = (64, *vector.action_space.shape)
    actions = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)

    def call() -> None:
        for action in actions:
            vector.step(action)

    call()
    requests.serve(timed(call, len(actions) * num_envs))


if __name__ == "__main__":
    main()
