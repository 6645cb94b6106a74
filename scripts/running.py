"""Start a program, watch what it prints, talk HTTP to it and be sure that it ends."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self, TypeVar

Value = TypeVar("Value")

# Settings of a service, and what a surrounding make, pytest, git hook or virtual environment leaves behind:
# a program started here must see none of them.
FOREIGN_SETTINGS = (
    *("DATABASE_", "EVENT_BUS_", "SMTP_URL", "EMAIL_FROM", "MAX_BODY_BYTES", "WATCHDOG"),
    *("LOG_", "HANDLER_", "OUTBOX_", "INBOX_", "PROCESS_", "SHUTDOWN_", "UVICORN_"),
    *("VIRTUAL_ENV", "PYTHONPATH", "PYTEST_", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"),
    *("GIT_", "COOKIECUTTER_"),
)


def clean_environment() -> dict[str, str]:
    return {key: os.environ[key] for key in os.environ if not key.startswith(FOREIGN_SETTINGS)}


class Running:
    """A program in a process group of its own; leaving the `with` block ends all of the group."""

    def __init__(self, command: Sequence[str | Path], cwd: Path, env: Mapping[str, str]) -> None:
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 (read after the program has ended)
        self._err = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env={**env, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def stdout(self) -> str:
        return text_of(self._out)

    @property
    def stderr(self) -> str:
        return text_of(self._err)

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def send(self, number: signal.Signals) -> None:
        """To the first program only; what it started itself is its own business."""
        self._process.send_signal(number)

    def wait(self) -> int:
        return self._process.wait()

    def stop(self, grace_seconds: float = 20) -> int:
        """SIGTERM to the group, SIGKILL to what is left; the exit code of the first program."""
        self._signal_group(signal.SIGTERM)
        deadline = time.monotonic() + grace_seconds
        while self._group_is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        self._signal_group(signal.SIGKILL)
        return self._process.wait()

    def _group_is_alive(self) -> bool:
        self._process.poll()  # an ended child stays in its group until someone asks for its code
        return self._signal_group(0)

    def _signal_group(self, number: int) -> bool:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return False
        return True


def settings_printed_by(broker: Running) -> dict[str, str] | None:
    """What `python -m tests.chassis.servers` of a project tells its service, once the broker is ready; else None."""
    lines = broker.stdout.splitlines()
    if broker.ended:
        raise RuntimeError(f"the broker ended instead of starting: {broker.stderr.strip()[-2000:]}")
    return dict(line.split("=", 1) for line in lines if "=" in line) if "ready" in lines else None


def text_of(file: IO[bytes]) -> str:
    """Read without moving the position, at which the program goes on writing."""
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode(errors="replace")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def http_json(method: str, url: str, body: object = None) -> tuple[int, Any]:
    """The status and the decoded body; an HTTP error status is an answer like any other."""
    request = urllib.request.Request(  # noqa: S310 (the callers write http:// themselves)
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, decoded(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, decoded(error.read())


def decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def wait_until(probe: Callable[[], Value | None], what: str, seconds: float = 30) -> Value:
    """The first value of `probe` that is not None; OSError means 'not yet', as while it starts."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            value = probe()
        except OSError:
            value = None
        if value is not None:
            return value
        time.sleep(0.05)
    raise TimeoutError(f"{what}: not within {seconds:g} seconds")
