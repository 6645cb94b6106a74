"""A server program as a child of the test run."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

START = 90.0  # seconds until it answers, on a slow machine too
STOP = 10.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Program:
    """`command` serves until it is told to end; `answers` says whether it does. May be started again."""

    def __init__(self, command: Sequence[str | Path], answers: Callable[[], bool], user: str | None = None) -> None:
        self._command = command
        self._answers = answers
        self._user = user
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return once it answers; raise `RuntimeError` with its output if it does not."""
        if self._popen and self._popen.poll() is None:
            return
        with tempfile.TemporaryFile() as output:
            self._popen = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, user=self._user
            )
            deadline = time.monotonic() + START
            while not self._answers():
                if self._popen.poll() is not None or time.monotonic() > deadline:
                    self.kill()
                    output.seek(0)
                    raise RuntimeError(f"{self._command[0]} does not start: {output.read().decode(errors='replace')}")
                time.sleep(0.01)

    def stop(self) -> None:
        """Ask it to end, and see that it does."""
        if self._popen:
            self._popen.terminate()
            try:
                self._popen.wait(STOP)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """As a crash would: kill -9."""
        if self._popen:
            self._popen.kill()
            self._popen.wait()

    def crash(self, number: int) -> None:
        """Send a signal that ends it at once and in disorder, and wait until it is gone."""
        if self._popen:
            self._popen.send_signal(number)
            self._popen.wait()
