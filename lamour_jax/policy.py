"""Policies as files: parameters with what is needed to run them, in one small file.

The format is MessagePack through flax: no code in it, no device, readable everywhere.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import serialization

from lamour_jax.errors import UserError
from lamour_jax.files import write_atomically
from lamour_jax.networks import BOUNDS, NORMALIZER, Actor, ActorDesign, actor_settings, make_actor
from lamour_jax.types import Params

FORMAT = "lamour_jax policy 1"
# Of actors that earlier versions do not know: those must not read them as others.
DESIGNED_FORMAT, BOUNDED_FORMAT = "lamour_jax policy 2", "lamour_jax policy 3"


@dataclass(frozen=True)
class Policy:
    """A tanh-Gaussian policy.

    Attributes:
      robot: the environment's name.
      params: the actor's parameters.
      observation_size, action_size: of the robot.
      hidden_sizes, activation, std, normalizes: the network's (`networks.ActorSettings`).
      about: where it comes from (settings, seeds, steps, returns); for people.
    """

    robot: str
    params: Params = field(repr=False)
    observation_size: int
    action_size: int
    hidden_sizes: tuple[int, ...]
    about: dict[str, Any] = field(default_factory=dict)
    activation: str = "relu"
    std: str = "exp"
    normalizes: bool = False

    @property
    def network(self) -> Actor:
        """The network that `params` belong to, as evaluated (without dropout)."""
        return make_actor(self, self.action_size)


def policy_from_params(
    robot: str,
    params: Params,
    about: dict[str, Any],
    *,
    activation: str = "relu",
    std: str = "exp",
) -> Policy:
    """Wraps an actor's parameters; the sizes are read off them, and whether it normalises."""
    kernels = [params["params"]["shared"][f"Dense_{i}"]["kernel"] for i in range(_depth(params))]
    return Policy(
        robot=robot,
        params=jax.device_get(params),
        observation_size=int(kernels[0].shape[0]),
        action_size=int(params["params"]["mean"]["kernel"].shape[1]),
        hidden_sizes=tuple(int(kernel.shape[1]) for kernel in kernels),
        about=about,
        activation=activation,
        std=std,
        normalizes=NORMALIZER in params["params"],
    )


def save_policy(path: Path, policy: Policy) -> None:
    """Writes the policy; an interrupted write leaves the old file."""
    design = actor_settings(policy)
    usual = design == actor_settings(ActorDesign(policy.hidden_sizes))
    unbounded = FORMAT if usual else DESIGNED_FORMAT
    content = {
        "format": BOUNDED_FORMAT if BOUNDS in policy.params["params"] else unbounded,
        "robot": policy.robot,
        "observation_size": policy.observation_size,
        "action_size": policy.action_size,
        **design,
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
    if not isinstance(content, dict) or content.get("format") not in (
        FORMAT,
        DESIGNED_FORMAT,
        BOUNDED_FORMAT,
    ):
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
        about=content["about"],
        **_design(content),
    )


def _design(content: dict[str, Any]) -> dict[str, Any]:
    """The actor's settings; files from before there was a choice have the usual ones."""
    design = ActorDesign(tuple(content["hidden_sizes"]))
    given = {name: content[name] for name in ("activation", "std", "normalizes") if name in content}
    return actor_settings(replace(design, **given))


def _depth(params: Params) -> int:
    return sum(name.startswith("Dense_") for name in params["params"]["shared"])


def _foreign(path: Path) -> str:
    return (
        f"{path} is not a lamour_jax policy. A PyTorch policy of the reference implementation, or"
        f" one that brax trained, is converted by: lamour import {path} --env ROBOT"
    )
