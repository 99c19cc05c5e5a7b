"""Policies for the command line's tests: small, and right in shape only."""

from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from lamour_jax.networks import Actor
from lamour_jax.policy import policy_from_params, save_policy


@pytest.fixture(scope="session")
def hopper_policy(tmp_path_factory) -> Path:
    """A Hopper policy with untrained parameters."""
    path = tmp_path_factory.mktemp("policies") / "hopper.msgpack"
    params = Actor(3).init(jax.random.key(0), jnp.zeros((1, 11)))
    save_policy(path, policy_from_params("hopper", params, {}))
    return path
