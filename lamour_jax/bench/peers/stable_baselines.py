"""SAC of SBX or Stable-Baselines3 on Gymnasium's robot: control steps per second of `learn`.

    python -m lamour_jax.bench.peers.stable_baselines sbx|stable_baselines3 ROBOT

One robot, one update of 256 a step, 256x256 networks: both libraries' own defaults.
"""

import importlib
import sys
import time
from typing import Any

from lamour_jax.bench.peers.catalogue import GYMNASIUM
from lamour_jax.bench.peers.serving import Requests

LEARNING_STARTS = 500
WARM_UP = 100  # steps with updates before the first measurement


def main() -> None:
    library, robot = sys.argv[1:]
    requests = Requests()
    import gymnasium
    from stable_baselines3.common.callbacks import BaseCallback

    class Clock(BaseCallback):
        """Ends learning after so many seconds; `rate` is steps per second until then."""

        def __init__(self, seconds: float):
            super().__init__()
            self._seconds = seconds
            self.rate = 0.0

        def _on_training_start(self) -> None:
            self._first, self._began = self.num_timesteps, time.perf_counter()

        def _on_step(self) -> bool:
            # Between two calls lies an environment step with its update; the first has no update
            # behind it, the last will have none.
            elapsed = time.perf_counter() - self._began
            self.rate = (self.num_timesteps - self._first) / elapsed
            return elapsed < self._seconds

    model: Any = importlib.import_module(library).SAC(
        "MlpPolicy",
        gymnasium.make(GYMNASIUM[robot]),
        learning_starts=LEARNING_STARTS,
        batch_size=256,
        policy_kwargs={"net_arch": [256, 256]},
        seed=0,
    )
    model.learn(LEARNING_STARTS + WARM_UP)

    def rate(seconds: float) -> float:
        clock = Clock(seconds)
        model.learn(10**9, callback=clock, reset_num_timesteps=False)
        return clock.rate

    requests.serve(rate)


if __name__ == "__main__":
    main()
