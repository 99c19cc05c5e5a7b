"""Reads the reference implementation's released actors, without PyTorch.

The files are PyTorch state dictionaries: ZIP archives of a pickle and raw numbers. A pickle can run
anything, so ours is read with a list of the three names that a state dictionary of tensors needs;
anything else is refused.
"""

import collections
import pickle
import zipfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from lamour_jax.errors import UserError

LAYERS = ("shared.0", "shared.3", "mean", "log_std")  # 1 and 2, 4 and 5 are dropout and ReLU
# Ant's released actors take 84 contact forces behind the state; they were zero in training.
UNUSED_INPUTS = {"ant": 84}


class _Storage:
    """Stands for torch.FloatStorage in the pickle."""


def _rebuild_tensor(storage: np.ndarray, offset: int, size, stride, *unused) -> np.ndarray:
    strides = [step * storage.itemsize for step in stride]
    needed = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) + 1
    if min(offset, *size, *stride, 0) < 0 or needed > storage.size:
        raise pickle.UnpicklingError("a tensor reaches beyond its storage")
    view = np.lib.stride_tricks.as_strided(storage[offset:], tuple(size), strides)
    return np.array(view)


class _StateDictUnpickler(pickle.Unpickler):
    _ALLOWED: ClassVar[dict[tuple[str, str], Any]] = {
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
        ("torch", "FloatStorage"): _Storage,
    }

    def __init__(self, file, archive: zipfile.ZipFile, folder: str):
        super().__init__(file)
        self._archive = archive
        self._folder = folder

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f"it refers to {module}.{name}")
        return self._ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> np.ndarray:
        kind, storage, key, _, count = pid
        if kind != "storage" or storage is not _Storage:
            raise pickle.UnpicklingError("it stores something other than float32 tensors")
        numbers = np.frombuffer(self._archive.read(f"{self._folder}/data/{key}"), "<f4")
        if numbers.size != count:
            raise pickle.UnpicklingError("a tensor is cut short")
        return numbers


def read_state_dict(path: Path) -> dict[str, np.ndarray]:
    """A state dictionary of float32 tensors.

    Raises:
      UserError: no such file, or not a PyTorch state dictionary.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
            if len(pickles) != 1:
                raise pickle.UnpicklingError("it holds no single data.pkl")
            folder = pickles[0].removesuffix("/data.pkl")
            with archive.open(pickles[0]) as file:
                state = _StateDictUnpickler(file, archive, folder).load()
    except FileNotFoundError:
        raise UserError(f"there is no file {path}") from None
    except Exception as error:  # a foreign pickle can make its reader raise anything
        raise UserError(f"{path} is not a PyTorch state dictionary: {error}") from error
    if not isinstance(state, dict):
        raise UserError(f"{path} holds a {type(state).__name__}, not a state dictionary")
    return dict(state)


def actor_params(state: dict[str, np.ndarray], robot: str, observation_size: int) -> dict:
    """The parameters of `networks.Actor` from a released actor's state dictionary.

    Raises:
      UserError: layers are missing or of the wrong shape for the robot.
    """
    wanted = {f"{layer}.{part}" for layer in LAYERS for part in ("weight", "bias")}
    missing = wanted - set(state)
    if missing:
        raise UserError(
            f"this is not a released actor: {', '.join(sorted(missing))} missing"
            f" (it has {', '.join(sorted(state))})"
        )
    layers = {layer: _dense(state, layer) for layer in LAYERS}
    kernel = layers["shared.0"]["kernel"]
    known = kernel.shape[0] - UNUSED_INPUTS.get(robot, 0)
    if observation_size not in (kernel.shape[0], known):
        raise UserError(
            f"the actor takes {kernel.shape[0]} observations, {robot} has {observation_size}:"
            " give the --env that it was trained for"
        )
    layers["shared.0"]["kernel"] = kernel[:observation_size]
    shared = {"Dense_0": layers["shared.0"], "Dense_1": layers["shared.3"]}
    return {"params": {"shared": shared, "mean": layers["mean"], "log_std": layers["log_std"]}}


def _dense(state: dict[str, np.ndarray], layer: str) -> dict[str, np.ndarray]:
    return {"kernel": state[f"{layer}.weight"].T.copy(), "bias": state[f"{layer}.bias"]}
