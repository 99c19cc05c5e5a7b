"""The full training state on disk, with orbax: one kept, replaced only when the next is whole."""

from pathlib import Path

import jax
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
        self._manager = ocp.CheckpointManager(folder.resolve(), options=options)

    @property
    def latest(self) -> int | None:
        """Updates of the newest whole checkpoint."""
        return self._manager.latest_step()

    def save(self, updates: int, state: TrainState) -> None:
        """Writes the state and then drops the older one."""
        self._manager.save(updates, args=ocp.args.StandardSave(_keys_to_data(state)), force=True)
        self._manager.wait_until_finished()

    def restore(self, like: TrainState) -> TrainState:
        """The newest state; `like` (arrays or shapes) says what it must look like.

        Raises:
          UserError: there is none, or it belongs to a run with other settings.
        """
        if self.latest is None:
            raise UserError("this run has no checkpoint yet: start it again without --resume")
        target = jax.eval_shape(_keys_to_data, like)
        try:
            data = self._manager.restore(self.latest, args=ocp.args.StandardRestore(target))
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                "the checkpoint does not fit these settings: resume with the settings that the"
                " run was started with (they are in its config.json)"
            ) from error
        return _data_to_keys(data, like)

    def close(self) -> None:
        self._manager.close()


def _is_key(leaf) -> bool:
    return jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _keys_to_data(state):
    """Orbax stores plain arrays: typed keys become their numbers."""
    return jax.tree.map(lambda x: jax.random.key_data(x) if _is_key(x) else x, state)


def _data_to_keys(data, like):
    return jax.tree.map(
        lambda x, target: jax.random.wrap_key_data(x) if _is_key(target) else x, data, like
    )
