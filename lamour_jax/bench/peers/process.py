"""A peer's process, seen from the bench."""

import contextlib
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence


class PeerError(Exception):
    """A peer that crashed, hung or spoke nonsense; the message says which."""


class Peer:
    """A running peer that has warmed up. It is stopped, with all that it started, but while it is
    asked: idle threads that spin would slow down whoever is measured next.

    Args:
      command: starts it.
      patience: seconds that each of its answers may take, the first with imports and compilation.

    Raises:
      PeerError: it did not get ready.
    """

    def __init__(self, command: Sequence[str], patience: float):
        self._patience = patience
        self._unread = b""
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (`close` closes it)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            start_new_session=True,  # so that its own children end with it
        )
        try:
            answer = self._answer()
            if answer != "ready":
                raise PeerError(f"said {answer!r} where it should be ready")
            self._signal(signal.SIGSTOP)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *exc_info) -> None:
        self.close()

    def rate(self, seconds: float) -> float:
        """Units per second, measured for about `seconds`.

        Raises:
          PeerError: no rate came.
        """
        assert self._process.stdin is not None
        self._signal(signal.SIGCONT)
        try:
            self._process.stdin.write(f"{seconds}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            raise PeerError(self._crash()) from None
        answer = self._answer()
        self._signal(signal.SIGSTOP)
        try:
            return float(answer)
        except ValueError:
            raise PeerError(f"said {answer!r} where a rate should be") from None

    def close(self) -> None:
        """Ends the process and all that it started."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._complaints.close()

    def _signal(self, number: int) -> None:
        """To the process and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _answer(self) -> str:
        """The next line of its output."""
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        deadline = time.monotonic() + self._patience
        while b"\n" not in self._unread:
            ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise PeerError(f"no answer within {self._patience:.0f} s")
            received = os.read(pipe, 4096)
            if not received:
                raise PeerError(self._crash())
            self._unread += received
        line, self._unread = self._unread.split(b"\n", 1)
        return line.decode(errors="replace").strip()

    def _crash(self) -> str:
        code = self._process.wait()
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").strip().splitlines()
        return f"crashed (exit code {code}): {lines[-1] if lines else 'without a word'}"
