"""How long an epoch is: the host wakes often enough, and the run ends where it was asked to."""

from types import SimpleNamespace

import pytest

from lamour_jax.config import TrainConfig
from lamour_jax.programs import _iterations_per_epoch


@pytest.mark.parametrize(
    ("num_updates", "eval_every", "of_an_iteration", "length", "trained"),
    [
        (300, 5_000, 8, 19, 304),  # 38 iterations; epochs of 31 would make 62 of them
        (1_000_000, 5_000, 1, 250, 1_000_000),
        (30_000, 1_500, 8, 30, 30_000),
        (40_000, 2_000, 32, 5, 40_000),  # PPO
        (7, 5_000, 1, 7, 7),
        (509, 100, 1, 85, 510),  # a prime
        (10, 5_000, 32, 1, 32),  # less than an iteration
    ],
)
def test_epochs_come_to_the_runs_length(num_updates, eval_every, of_an_iteration, length, trained):
    agent = SimpleNamespace(updates_per_iteration=of_an_iteration)
    config = TrainConfig(num_updates=num_updates, eval_every=eval_every)
    assert _iterations_per_epoch(agent, config) == length
    updates = length * of_an_iteration
    assert -(-num_updates // updates) * updates == trained
