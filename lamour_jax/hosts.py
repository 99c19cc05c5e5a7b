"""Several processes, on one host or on many, as one training.

Process 0 leads: it alone reads the files that a command names, judges policies, prints, and writes
the run's folder. The others lend their devices, and are told here what they must know; hosts share
nothing but the network.

All but `join` and `leads` are collective where there are several processes: every process must come
to the same calls in the same order, and waits there for the others. One process alone waits for
nobody, and nothing is copied.
"""

import atexit
import errno
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import jax
import numpy as np
from flax.serialization import msgpack_restore, msgpack_serialize
from jax.experimental import multihost_utils

from lamour_jax.backend import start_backend
from lamour_jax.errors import UserError

T = TypeVar("T")

AUTO = "auto"  # in place of the coordinator's address: the cluster's environment tells all
JOIN_SECONDS = 300.0
_LAST_PORT = 65535
_FAREWELL_SECONDS = 30  # how long a process that ends waits for the others to end, too
_SIZE_BYTES, _SLOT, _CHUNK = 8, 4096, 4_194_304  # a message's length, its first part, the others


def join(
    coordinator: str | None,
    num_processes: int | None = None,
    process_id: int | None = None,
    *,
    timeout: float = JOIN_SECONDS,
) -> None:
    """Makes this process one of several and starts JAX's backend; must run before the first array
    exists.

    Processes other than the leader say nothing on stdout from now on.

    Args:
      coordinator: HOST:PORT, at which process 0 listens; "auto" takes this and the rest from the
        environment of Slurm, Open MPI, a TPU pod or Kubernetes; None stays alone.
      num_processes: how many there are.
      process_id: which one this is, from 0.
      timeout: seconds to wait for the others; then the process is ended with a message.

    Raises:
      UserError: a flag is missing or wrong, there is no cluster, its hosts are unlike, or JAX finds
        no devices.
    """
    _check_flags(coordinator, num_processes, process_id)
    if coordinator is None:
        start_backend()
        return
    if process_id == 0:
        _check_port(coordinator)
    # Its handler would swallow SIGTERM; `each` tells all processes of one that was asked to stop.
    jax.config.update("jax_enable_preemption_service", False)
    with _deadline(timeout, coordinator):
        _initialize(None if coordinator == AUTO else coordinator, num_processes, process_id)
    start_backend()  # in which the processes tell one another of their devices
    if num_processes not in (None, jax.process_count()):
        raise UserError(f"--num-processes {num_processes}, but {jax.process_count()} came together")
    if jax.device_count() != jax.process_count() * jax.local_device_count():
        raise UserError(
            f"{jax.process_count()} processes cannot share {jax.device_count()} devices evenly:"
            " give each as many"
        )
    if not leads():
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  (for the rest of the process)


def leads() -> bool:
    """Whether this process leads."""
    return jax.process_index() == 0


def each(function: Callable[[], T]) -> list[T]:
    """What `function`, which must not be collective, returns in each process, in their order.

    Args:
      function: returns plain data: numbers, strings, bytes, NumPy arrays, lists, dicts.

    Raises:
      UserError: it failed in another process. The error of this one goes before.
    """
    if jax.process_count() == 1:
        return [function()]
    answer: dict[str, Any]
    failure = None
    try:
        answer = {"value": function()}
    except BaseException as error:  # Ctrl-C, too: the others must not wait for ever
        failure = error
        answer = {"error": str(error) or type(error).__name__}
    answers = [msgpack_restore(message) for message in _exchange(msgpack_serialize(answer))]
    if failure is not None:
        raise failure
    for process, answer in enumerate(answers):
        if "error" in answer:
            raise UserError(("" if process == 0 else f"process {process}: ") + answer["error"])
    return [answer["value"] for answer in answers]


def agree(function: Callable[[], T]) -> T:
    """What `function` returns here, once it succeeded in every process; raises as `each`."""
    returned: list[T] = []
    each(lambda: returned.append(function()))
    return returned[0]


def from_leader(function: Callable[[], T]) -> T:
    """What `function` returns in the leader, where alone it is called; raises as `each`."""
    return each(lambda: function() if leads() else None)[0]  # type: ignore[return-value]


def whole(tree: Any) -> Any:
    """`tree` with every array whole in every process: one that is spread becomes NumPy's."""
    return jax.tree.map(_whole, tree)


@contextmanager
def losses_explained(advice: str) -> Iterator[None]:
    """Says that another process is gone, where a collective fails of it.

    Raises:
      UserError: it is; the message ends in `advice`. This process then ends without a farewell.
    """
    try:
        yield
    except (RuntimeError, ValueError) as error:
        if "Gloo" not in str(error):
            raise
        # JAX's own would wait for the lost one, and then abort.
        atexit.register(_leave)
        raise UserError(f"another process of this training is gone: {advice}") from None


def _check_flags(
    coordinator: str | None, num_processes: int | None, process_id: int | None
) -> None:
    others = (num_processes, process_id)
    if coordinator in (None, AUTO):
        if others != (None, None):
            raise UserError("--num-processes and --process-id need --coordinator HOST:PORT")
        return
    assert coordinator is not None
    if num_processes is None or process_id is None:
        raise UserError(
            "--coordinator HOST:PORT needs --num-processes and --process-id (or give"
            f" --coordinator {AUTO} on a cluster)"
        )
    host, _, port = coordinator.rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= _LAST_PORT:
        raise UserError(
            f"--coordinator must be HOST:PORT, the port from 1 to {_LAST_PORT}, or {AUTO}, not"
            f" {coordinator!r}"
        )
    if not 0 <= process_id < num_processes:
        raise UserError(
            f"--process-id must be 0 to {num_processes - 1} (--num-processes less one), not"
            f" {process_id}"
        )


def _check_port(coordinator: str) -> None:
    """Makes sure that process 0 can listen, as it will, at all of its host's addresses: JAX ends in
    a crash where it cannot.

    Raises:
      UserError: it cannot.
    """
    port = int(coordinator.rpartition(":")[2])
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    try:
        socket.create_server(("", port), family=family, dualstack_ipv6=both).close()
    except OSError as error:
        used = " (another training's?)" if error.errno == errno.EADDRINUSE else ""
        raise UserError(
            f"process 0 cannot listen on port {port} of --coordinator {coordinator}:"
            f" {error.strerror}{used}. Give all processes another port"
        ) from None


def _initialize(coordinator: str | None, num_processes: int | None, process_id: int | None) -> None:
    try:
        jax.distributed.initialize(
            coordinator,
            num_processes,
            process_id,
            initialization_timeout=24 * 3600,  # ours comes first: JAX's aborts
            shutdown_timeout_seconds=_FAREWELL_SECONDS,
            # From flags, the environment has no say.
            cluster_detection_method=None if coordinator is None else "deactivate",
        )
    except (RuntimeError, ValueError) as error:
        if coordinator is None and "should be defined" in str(error):
            raise UserError(
                "no cluster was recognised here (Slurm, Open MPI, a TPU pod, Kubernetes): give"
                " --coordinator HOST:PORT --num-processes N --process-id I"
            ) from None
        raise UserError(f"the processes did not come together: {error}") from None


@contextmanager
def _deadline(seconds: float, coordinator: str) -> Iterator[None]:
    """Ends the process with a message when its block takes longer: JAX waits in C++, where no
    exception reaches it."""

    def give_up() -> None:
        print(
            f"lamour: not all processes came together at {coordinator} within {seconds:.0f} s: is"
            " each one running, with an index of its own, and does the address of process 0 let"
            " the others in?",
            file=sys.stderr,
            flush=True,
        )
        os._exit(2)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _leave() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(2)


def _exchange(message: bytes) -> list[bytes]:
    """Every process's message, in their order; short ones in a single collective."""
    content = np.frombuffer(message, np.uint8)
    slot = np.zeros(_SLOT, np.uint8)
    slot[:_SIZE_BYTES] = list(len(message).to_bytes(_SIZE_BYTES, "big"))
    first = content[: _SLOT - _SIZE_BYTES]
    slot[_SIZE_BYTES : _SIZE_BYTES + len(first)] = first
    slots = multihost_utils.process_allgather(slot)  # [P, _SLOT]
    return [_message(process, slots[process], content) for process in range(len(slots))]


def _message(process: int, slot: np.ndarray, content: np.ndarray) -> bytes:
    """The message that begins in the slot of `process`; `content` is this process's own."""
    size, here = int.from_bytes(slot[:_SIZE_BYTES].tobytes(), "big"), process == jax.process_index()
    parts = [slot[_SIZE_BYTES : _SIZE_BYTES + size].tobytes()]
    for start in range(_SLOT - _SIZE_BYTES, size, _CHUNK):
        chunk = np.zeros(_CHUNK, np.uint8)  # of one shape: one compiled program
        if here:
            part = content[start : start + _CHUNK]
            chunk[: len(part)] = part
        received = multihost_utils.broadcast_one_to_all(chunk, is_source=here)
        parts.append(np.asarray(received)[: size - start].tobytes())
    return b"".join(parts)


def _whole(x: Any) -> Any:
    if not isinstance(x, jax.Array) or x.is_fully_addressable:
        return x
    if x.is_fully_replicated:
        return np.asarray(x)
    shards = [shard for shard in x.global_shards if shard.replica_id == 0]
    parts = each(lambda: [np.asarray(shard.data) for shard in shards if shard.data is not None])
    remaining = [iter(of_process) for of_process in parts]
    result = np.empty(x.shape, x.dtype)
    for shard in shards:
        result[shard.index] = next(remaining[shard.device.process_index])
    return result
