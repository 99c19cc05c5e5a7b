"""The full training state on disk, with orbax: one kept, replaced only when the next is whole."""

import errno
import shutil
from pathlib import Path

import jax
import jax.numpy as jnp
import orbax.checkpoint as ocp

from lamour_jax.errors import UserError
from lamour_jax.types import TrainState


class CheckpointStore:
    """The checkpoints of one run.

    Args:
      folder: where they lie; made when the first one is saved.
    """

    def __init__(self, folder: Path):
        options = ocp.CheckpointManagerOptions(max_to_keep=1, enable_async_checkpointing=False)
        self._folder = folder
        self._manager = ocp.CheckpointManager(folder.resolve(), options=options)

    @property
    def latest(self) -> int | None:
        """Updates of the newest whole checkpoint."""
        return self._manager.latest_step()

    def save(self, updates: int, state: TrainState) -> None:
        """Writes the state and then drops the older one.

        Raises:
          OSError: the disk has no room for it (ENOSPC); the older one is kept.
        """
        stored = _to_stored(state)
        # Asked beforehand: orbax would fill the disk first, and the run's other files with it.
        if shutil.disk_usage(self._folder.parent).free < sum(leaf.nbytes for leaf in stored):
            raise OSError(errno.ENOSPC, "no room for a checkpoint", str(self._folder))
        self._manager.save(updates, args=ocp.args.StandardSave(stored), force=True)
        self._manager.wait_until_finished()

    def restore(self, like: TrainState) -> TrainState:
        """The newest state; `like` (arrays or shapes) says what it must look like.

        Raises:
          UserError: there is none, or it belongs to a run with other settings.
        """
        if self.latest is None:
            raise UserError("this run has no checkpoint yet: start it again without --resume")
        target = jax.eval_shape(_to_stored, like)
        try:
            data = self._manager.restore(self.latest, args=ocp.args.StandardRestore(target))
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                "the checkpoint does not fit these settings: resume with the settings that the"
                " run was started with (they are in its config.json)"
            ) from error
        return _from_stored(data, like)

    def close(self) -> None:
        self._manager.close()


def _is_key(leaf) -> bool:
    return jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _to_stored(state: TrainState) -> list[jax.Array]:
    """What orbax takes: plain arrays that hold something (typed keys become their numbers)."""
    leaves = [leaf for leaf in jax.tree.leaves(state) if leaf.size]
    return [jax.random.key_data(leaf) if _is_key(leaf) else leaf for leaf in leaves]


def _from_stored(stored: list[jax.Array], like: TrainState) -> TrainState:
    remaining = iter(stored)

    def restore(target):
        if not target.size:
            return jnp.zeros(target.shape, target.dtype)
        leaf = next(remaining)
        return jax.random.wrap_key_data(leaf) if _is_key(target) else leaf

    return jax.tree.map(restore, like)
