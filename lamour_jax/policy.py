"""Policies as files: parameters with what is needed to run them, in one small file.

The format is MessagePack through flax: no code in it, no device, readable everywhere.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import serialization

from lamour_jax.errors import UserError
from lamour_jax.files import write_atomically
from lamour_jax.networks import Actor
from lamour_jax.types import Params

FORMAT = "lamour_jax policy 1"


@dataclass(frozen=True)
class Policy:
    """A tanh-Gaussian policy.

    Attributes:
      robot: the environment's name.
      params: the actor's parameters.
      observation_size, action_size, hidden_sizes: the network's shape.
      about: where it comes from (settings, seeds, steps, returns); for people.
    """

    robot: str
    params: Params = field(repr=False)
    observation_size: int
    action_size: int
    hidden_sizes: tuple[int, ...]
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def network(self) -> Actor:
        """The network that `params` belong to, as evaluated (without dropout)."""
        return Actor(self.action_size, self.hidden_sizes)


def policy_from_params(robot: str, params: Params, about: dict[str, Any]) -> Policy:
    """Wraps an actor's parameters; the sizes are read off them."""
    kernels = [params["params"]["shared"][f"Dense_{i}"]["kernel"] for i in range(_depth(params))]
    return Policy(
        robot=robot,
        params=jax.device_get(params),
        observation_size=int(kernels[0].shape[0]),
        action_size=int(params["params"]["mean"]["kernel"].shape[1]),
        hidden_sizes=tuple(int(kernel.shape[1]) for kernel in kernels),
        about=about,
    )


def save_policy(path: Path, policy: Policy) -> None:
    """Writes the policy; an interrupted write leaves the old file."""
    content = {
        "format": FORMAT,
        "robot": policy.robot,
        "observation_size": policy.observation_size,
        "action_size": policy.action_size,
        "hidden_sizes": list(policy.hidden_sizes),
        "about": policy.about,
        "params": jax.tree.map(np.asarray, jax.device_get(policy.params)),
    }
    write_atomically(path, serialization.msgpack_serialize(content))


def load_policy(path: Path, *, robot: str, observation_size: int, action_size: int) -> Policy:
    """Reads a policy and makes sure that it fits the robot.

    Raises:
      UserError: no file, not one of ours, or made for another robot.
    """
    try:
        content = serialization.msgpack_restore(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"there is no policy at {path}") from None
    except Exception as error:  # whatever a foreign file makes the parser raise
        raise UserError(_foreign(path)) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(_foreign(path))
    shape = (content["observation_size"], content["action_size"])
    if shape != (observation_size, action_size):
        raise UserError(
            f"{path} is a policy for {content['robot']!r} with {shape[0]} observations and"
            f" {shape[1]} actions; {robot!r} has {observation_size} and {action_size}."
            " Give a policy that was trained on this robot."
        )
    return Policy(
        robot=content["robot"],
        params=jax.tree.map(jnp.asarray, content["params"]),
        observation_size=shape[0],
        action_size=shape[1],
        hidden_sizes=tuple(content["hidden_sizes"]),
        about=content["about"],
    )


def _depth(params: Params) -> int:
    return sum(name.startswith("Dense_") for name in params["params"]["shared"])


def _foreign(path: Path) -> str:
    return (
        f"{path} is not a lamour_jax policy. A PyTorch policy of the reference implementation is"
        f" converted by: lamour import {path} --env ROBOT"
    )
