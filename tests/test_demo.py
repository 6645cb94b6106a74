"""`make demo` leaves nothing behind, however it ends."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

from harness.combinations import TEMPLATE
from running import Running, clean_environment, wait_until

DEMO = [sys.executable, str(TEMPLATE / "scripts" / "demo.py")]


def test_an_unknown_choice_names_the_choices_there_are() -> None:
    done = subprocess.run([*DEMO, "--di", "guice", "--bus", "memory"], text=True, capture_output=True, check=False)
    assert done.returncode != 0
    assert "invalid choice: 'guice' (choose from 'dishka'," in done.stderr


def test_a_demo_that_is_interrupted_stops_its_service_and_removes_its_folder(
    tmp_path: Path,
) -> None:
    env = clean_environment() | {"TMPDIR": str(tmp_path)}
    with Running([*DEMO, "--di", "dishka", "--bus", "memory"], tmp_path, env) as demo:
        port = wait_until(lambda: port_of(demo), "the service is started", seconds=300)
        wait_until(lambda: is_listening(port) or None, "the service listens")
        demo.send(signal.SIGTERM)
        assert demo.wait() == 128 + signal.SIGTERM
    assert not is_listening(port)
    assert list(tmp_path.glob("demo-*")) == []


def port_of(demo: Running) -> int | None:
    assert not demo.ended, demo.stdout + demo.stderr
    match = re.search(r"make run PORT=(\d+)", demo.stdout)
    return int(match.group(1)) if match else None


def is_listening(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
