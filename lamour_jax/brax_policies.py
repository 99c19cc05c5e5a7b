"""Reads policies that brax trained (PPO, SAC), as an original policy of ours.

brax's default policies are ours but for three things, which an actor's settings name: the
activation, a standard deviation of softplus(x) + 0.001 (`NormalTanhDistribution`), and observations
that are normalised by the statistics of training (`running_statistics.normalize`).

Files are of two kinds. `brax.io.model.save_params` writes a pickle of (normalizer, policy, ...);
a pickle can run anything, so this one is read with a list of what such a file needs, and anything
else is refused. It does not say which activation the network has. `brax.training.checkpoint` writes
an orbax folder with a JSON of the network's settings, which are checked.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lamour_jax.errors import UserError
from lamour_jax.networks import ACTIVATIONS, NORMALIZER
from lamour_jax.policy import Policy, policy_from_params

_CONFIGS = "*_network_config.json"
_SWISH = ("swish", "silu")  # one function, which calls itself silu
STATE = "state"  # of several observations the policy's
# The defaults of brax's networks, by the number of networks in what its `train` returns.
_DEFAULT_ACTIVATIONS = {3: "swish", 2: "relu"}  # PPO: normalizer, policy, value; SAC: no value


class _Record:
    """Stands for a class of brax: keeps the attributes."""


def _array(rebuild: Any, arguments: Any, state: Any, about: Any) -> np.ndarray:
    """Stands for JAX's own function, which would put it on a device."""
    array = rebuild(*arguments)
    array.__setstate__(state)
    return array


class _ParamsUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _RECORDS:
            return _RECORDS[module, name]
        # What arrays are made of; numpy 1 calls its inner package `core`.
        if (module.replace("numpy.core", "numpy._core"), name) in _NUMPY:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it refers to {module}.{name}")


_RECORDS: dict[tuple[str, str], Any] = {
    ("brax.training.acme.running_statistics", "RunningStatisticsState"): _Record,
    ("brax.training.acme.running_statistics", "NormalizationMode"): int,
    ("brax.training.types", "UInt64"): _Record,
    ("flax.core.frozen_dict", "FrozenDict"): dict,
    ("jax._src.array", "_reconstruct_array"): _array,
}
_NUMPY = {
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}


@dataclass(frozen=True)
class BraxParams:
    """What a file holds, in plain terms.

    Attributes:
      layers: of the policy's network, in order: {"kernel": [in, out], "bias": [out]}.
      mean, std: [O] of the observations.
      activation: of its hidden units.
      normalizes: whether observations are normalised.
    """

    layers: list[dict[str, np.ndarray]]
    mean: np.ndarray
    std: np.ndarray
    activation: str
    normalizes: bool


def is_brax_file(path: Path) -> bool:
    """Whether a file or folder looks like one that brax wrote: an orbax folder, or a pickle (a
    PyTorch file is a ZIP archive)."""
    if path.is_dir():
        return True
    try:
        with path.open("rb") as file:
            return file.read(1) == b"\x80"  # every pickle since protocol 2
    except OSError:
        return False


def read_brax(path: Path, activation: str | None = None, raw: bool = False) -> BraxParams:
    """Reads a file of `save_params` or a folder of `brax.training.checkpoint`.

    Args:
      path: the file or folder.
      activation: of the hidden units, where the file does not say.
      raw: the policy was trained without normalised observations; a folder says so itself.

    Raises:
      UserError: it is neither, or the policy is of a kind that is not ours.
    """
    if activation is not None and activation not in ACTIVATIONS:
        raise UserError(
            f"unknown activation {activation!r}: choose one of {', '.join(ACTIVATIONS)}"
        )
    if path.is_dir():
        return _read_folder(path)
    parts = _read_pickle(path)
    usual = _DEFAULT_ACTIVATIONS.get(len(parts), "swish")
    return _plain(path, parts, activation or usual, normalizes=not raw)


def policy_from_brax(
    params: BraxParams, robot: str, observation_size: int, action_size: int, about: dict[str, Any]
) -> Policy:
    """The same policy as one of ours.

    Raises:
      UserError: it is of another robot.
    """
    head, hidden = params.layers[-1], params.layers[:-1]
    shape = (params.layers[0]["kernel"].shape[0], head["kernel"].shape[1] // 2)
    if shape != (observation_size, action_size):
        raise UserError(
            f"the policy takes {shape[0]} observations and gives {shape[1]} actions; {robot} has"
            f" {observation_size} and {action_size}: give the --env that it was trained on"
        )
    mean, std = ({part: x[..., half] for part, x in head.items()} for half in _halves(action_size))
    ours = {
        "shared": {f"Dense_{i}": layer for i, layer in enumerate(hidden)},
        "mean": mean,
        "log_std": std,
    }
    if params.normalizes:
        ours[NORMALIZER] = {"mean": params.mean, "std": params.std}
    return policy_from_params(
        robot, {"params": ours}, about, activation=params.activation, std="softplus"
    )


def _halves(size: int) -> tuple[slice, slice]:
    return slice(None, size), slice(size, None)


def _read_pickle(path: Path) -> tuple[Any, ...]:
    try:
        with path.open("rb") as file:
            parts = _ParamsUnpickler(file).load()
    except FileNotFoundError:
        raise UserError(f"there is no file {path}") from None
    except Exception as error:  # a foreign pickle can make its reader raise anything
        raise UserError(f"{path} is not a policy saved by brax: {error}") from error
    if not isinstance(parts, tuple | list) or len(parts) < 2:
        raise UserError(_foreign(path))
    return tuple(parts)


def _read_folder(path: Path) -> BraxParams:
    configs = sorted(path.glob(_CONFIGS))
    if not configs:
        raise UserError(
            f"{path} is no checkpoint of brax: there is no {_CONFIGS} in it. Of several checkpoints"
            " give the folder of one (such as 000010000000)"
        )
    config = json.loads(configs[0].read_text())
    settings = config.get("network_factory_kwargs", {})
    activation = settings.get("activation", "relu" if "sac" in configs[0].name else "swish")
    activation = "swish" if activation in _SWISH else activation
    if settings.get("distribution_type", "tanh_normal") != "tanh_normal":
        raise UserError(f"{path}: its policy is no tanh-normal one, which is not supported")
    if activation not in ACTIVATIONS:
        raise UserError(
            f"{path}: its units are {activation}, which is not supported"
            f" ({', '.join(ACTIVATIONS)} are)"
        )
    normalizes = bool(config.get("normalize_observations", False))
    return _plain(path, _restore(path), activation, normalizes)


def _restore(path: Path) -> tuple[Any, ...]:
    from brax.training import checkpoint

    try:
        return tuple(checkpoint.load(path.resolve()))
    except Exception as error:  # whatever orbax makes of a damaged folder
        raise UserError(f"{path} cannot be read as a checkpoint of brax: {error}") from error


def _plain(path: Path, parts: tuple[Any, ...], activation: str, normalizes: bool) -> BraxParams:
    if not isinstance(parts[1], Mapping) or not hasattr(parts[0], "mean"):
        raise UserError(_foreign(path))
    network = parts[1].get("params", parts[1])
    names = sorted((n for n in network if n.startswith("hidden_")), key=lambda n: int(n[7:]))
    if not names or set(names) != set(network):
        raise UserError(
            f"{path}: its network has {', '.join(sorted(network)) or 'no layers'}; supported are"
            " brax's plain ones, without layer norm, pictures or recurrence"
        )
    layers = [
        {part: np.asarray(x, np.float32) for part, x in network[name].items()} for name in names
    ]
    mean, std = (_state(getattr(parts[0], name)) for name in ("mean", "std"))
    return BraxParams(layers, mean, std, activation, normalizes)


def _state(statistic: Any) -> np.ndarray:
    """Of the statistics of several observations the policy's: [O]."""
    several = isinstance(statistic, Mapping)
    return np.asarray(statistic[STATE] if several else statistic, np.float32)


def _foreign(path: Path) -> str:
    return f"{path} is not a policy saved by brax: it holds no (normalizer, policy)"
