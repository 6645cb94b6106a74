"""The service as real processes, to be started, asked and killed."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.chassis.servers.program import free_port

ROOT = Path(__file__).parent.parent.parent
NEEDED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """These settings, and what every program needs; none of the settings of whoever runs the tests."""
    return {name: os.environ[name] for name in NEEDED if name in os.environ} | dict(environment)


class Process:
    """One server process. Its output goes to a file, so that nothing waits for a reader."""

    def __init__(self, factory: str, port: int, environment: Mapping[str, str], output: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.output = output
        command = [sys.executable, "-m", "uvicorn", "--app-dir", str(ROOT), "--factory", factory]
        command += ["--port", str(port)]
        with output.open("ab") as file:
            self.popen = subprocess.Popen(
                command, cwd=output.parent, env=clean(environment), stdout=file, stderr=subprocess.STDOUT
            )

    def wait_until_live(self, seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.popen.poll() is None, f"ended with {self.popen.returncode}: {self.output.read_text()}"
            try:
                httpx2.get(f"{self.url}/health/live", timeout=5)
            except httpx2.TransportError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"not live after {seconds} s: {self.output.read_text()}")

    def kill(self) -> None:
        """As a crash would: kill -9."""
        self.popen.kill()
        self.popen.wait()

    def stop(self, seconds: float = 30.0) -> None:
        """As an orchestrator would: SIGTERM. Fail unless the process then ended in good order."""
        self.popen.terminate()
        self.popen.wait(seconds)
        assert "Application shutdown complete" in self.output.read_text()


@contextmanager
def process(factory: str, environment: Mapping[str, str], output: Path) -> Iterator[Process]:
    """A server process that is live, and gone at the end whatever happened."""
    server = Process(factory, free_port(), environment, output)
    try:
        server.wait_until_live()
        yield server
    finally:
        if server.popen.poll() is None:
            server.kill()
