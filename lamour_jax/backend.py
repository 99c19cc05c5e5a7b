"""What JAX's backend cannot give, in words: devices that are not here, memory beyond theirs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import jax

from lamour_jax.errors import UserError

_MAX_QUOTED = 300  # characters of JAX's own message


def start_backend() -> None:
    """Makes JAX look for its devices, which it puts off until the first array.

    Raises:
      UserError: those that it was asked for are not here.
    """
    try:
        jax.devices()
    except (AssertionError, RuntimeError) as error:  # of a plug-in that is missing it just asserts
        said = f" ({_quoted(error)})" if str(error) else ""
        asked = jax.config.values["jax_platforms"]
        if not asked:
            raise UserError(f"JAX cannot use this machine's devices{said}") from None
        raise UserError(
            f"JAX_PLATFORMS={asked} asks for devices that JAX cannot use here{said}. Install its"
            " part for them (pip install -e '.[cuda]' or '.[tpu]') and see that their driver"
            " works, or unset JAX_PLATFORMS to take what there is"
        ) from None


@contextmanager
def memory_explained(advice: Callable[[], str]) -> Iterator[None]:
    """Says what to lower where a device's memory, or the host's, is used up.

    Raises:
      UserError: it is; the message ends in the advice.
    """
    try:
        yield
    except (jax.errors.JaxRuntimeError, MemoryError) as error:
        if not isinstance(error, MemoryError) and "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise UserError(f"the memory is used up ({_quoted(error)}): {advice()}") from None


def _quoted(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:_MAX_QUOTED]
