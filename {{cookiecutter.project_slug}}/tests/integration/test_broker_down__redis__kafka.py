"""The service as two processes, and a broker that goes away and comes back."""

import time
from pathlib import Path

import httpx2

from tests.chassis.processes import Process, process
from tests.chassis.servers.crashing import Broker

PATIENCE = 60.0  # seconds


def register(web: Process, name: str) -> None:
    body = {"email": f"{name}@example.com", "password": "correct horse"}
    assert httpx2.post(f"{web.url}/api/v1/users", json=body, timeout=30).status_code == 201


def wait_until_counted(web: Process, expected: int) -> None:
    deadline = time.monotonic() + PATIENCE
    counted = -1
    while counted != expected:
        assert time.monotonic() < deadline, f"{counted} of {expected} counted: {web.output.read_text()}"
        counted = sum(day["count"] for day in httpx2.get(f"{web.url}/api/v1/signups", timeout=30).json()["items"])
        time.sleep(0.05)


def test_without_a_broker_the_service_starts_and_answers_and_catches_up(
    own: Broker, environment: dict[str, str], tmp_path: Path
) -> None:
    own.kill()
    with (
        process("app.main:create_app", environment, tmp_path / "web") as web,
        process("app.main:create_worker", environment, tmp_path / "worker") as worker,
    ):
        ready = httpx2.get(f"{web.url}/health/ready", timeout=30)
        assert (ready.status_code, ready.json()["failing"]) == (503, ["event-bus"])
        register(web, "ada")
        own.start()
        register(web, "bob")
        wait_until_counted(web, 2)
        assert httpx2.get(f"{web.url}/health/ready", timeout=30).status_code == 200
        worker.stop()
        web.stop()
    output = (tmp_path / "web").read_text() + (tmp_path / "worker").read_text()
    assert "Traceback" not in output


def test_a_killed_worker_is_replaced_by_another_and_each_event_counts_once(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with process("app.main:create_app", environment, tmp_path / "web") as web:
        for kill in range(3):
            with process("app.main:create_worker", environment, tmp_path / "worker") as worker:
                register(web, f"user{kill}")
                time.sleep(0.05 * kill)
                worker.kill()
        with process("app.main:create_worker", environment, tmp_path / "worker"):
            wait_until_counted(web, 3)
