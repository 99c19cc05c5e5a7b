"""The full training state on disk, with orbax: one kept, replaced only when the next is whole.

It is written whole by the leader of all processes, and read by it: hosts need share no files, and a
run may go on in another number of processes.
"""

import errno
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp
from orbax.checkpoint.options import MultiprocessingOptions

from lamour_jax import hosts
from lamour_jax.errors import UserError
from lamour_jax.types import TrainState

_UNFIT = (
    "the checkpoint does not fit these settings: resume with the settings that the run was started"
    " with (they are in its config.json)"
)


class CheckpointStore:
    """The checkpoints of one run.

    Args:
      folder: where they lie; made if need be.
    """

    def __init__(self, folder: Path):
        options = ocp.CheckpointManagerOptions(
            max_to_keep=1,
            create=False,
            enable_async_checkpointing=False,
            multiprocessing_options=_by_itself(),
        )
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._manager = ocp.CheckpointManager(folder.resolve(), options=options)

    @property
    def latest(self) -> int | None:
        """Updates of the newest whole checkpoint."""
        return self._manager.latest_step()

    def save(self, updates: int, state: TrainState) -> None:
        """Writes the state, in the leader, and then drops the older one.

        Raises:
          OSError: the disk has no room for it (ENOSPC); the older one is kept.
        """
        stored = hosts.whole(_to_stored(state))
        hosts.from_leader(lambda: self._write(updates, stored))

    def _write(self, updates: int, stored: list[Any]) -> None:
        # Asked beforehand: orbax would fill the disk first, and the run's other files with it.
        if shutil.disk_usage(self._folder.parent).free < sum(leaf.nbytes for leaf in stored):
            raise OSError(errno.ENOSPC, "no room for a checkpoint", str(self._folder))
        self._manager.save(updates, args=ocp.args.StandardSave(stored), force=True)
        self._manager.wait_until_finished()

    def restore(self, like: TrainState) -> TrainState:
        """The newest state of the leader's store; `like` (arrays or shapes, with shardings) says
        what it must look like.

        Raises:
          UserError: there is none, or it belongs to a run with other settings.
        """
        target = jax.eval_shape(_to_stored, like)
        stored = hosts.agree(lambda: self._read(target) if hosts.leads() else target)
        sent = (hosts.from_leader(partial(np.asarray, leaf)) for leaf in stored)
        return _from_stored(sent, like)

    def _read(self, target: list[jax.ShapeDtypeStruct]) -> list[np.ndarray]:
        if self.latest is None:
            raise UserError(
                "this run has no checkpoint yet: remove its folder, and start it again without"
                " --resume"
            )
        # As NumPy's: the devices that it was saved from may be others.
        arrays = [np.empty(leaf.shape, leaf.dtype) for leaf in target]
        try:
            stored = self._manager.restore(self.latest, args=ocp.args.StandardRestore(arrays))
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(_UNFIT) from error
        if any(a.shape != b.shape for a, b in zip(stored, target, strict=True)):
            raise UserError(_UNFIT)
        return stored

    def close(self) -> None:
        self._manager.close()


def _by_itself() -> MultiprocessingOptions:
    """Orbax shall not wait for other processes."""
    if jax.process_count() == 1:
        return MultiprocessingOptions()
    here = jax.process_index()
    return MultiprocessingOptions(
        primary_host=here, active_processes={here}, barrier_sync_key_prefix=f"process-{here}"
    )


def _is_key(leaf) -> bool:
    return jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _to_stored(state: TrainState) -> list[jax.Array]:
    """What orbax takes: plain arrays that hold something (typed keys become their numbers)."""
    leaves = [leaf for leaf in jax.tree.leaves(state) if leaf.size]
    return [jax.random.key_data(leaf) if _is_key(leaf) else leaf for leaf in leaves]


def _from_stored(stored: Iterator[np.ndarray], like: TrainState) -> TrainState:
    def restore(target):
        if _is_key(target):
            return jax.random.wrap_key_data(place(next(stored), target.sharding))
        leaf = next(stored) if target.size else np.empty(target.shape, target.dtype)
        return place(leaf, target.sharding)

    def place(leaf: np.ndarray, sharding: jax.sharding.Sharding) -> jax.Array:
        # Copied: an epoch donates its argument, and orbax may hold on to what it restored.
        return jax.make_array_from_callback(leaf.shape, sharding, lambda part: leaf[part].copy())

    return jax.tree.map(restore, like)
