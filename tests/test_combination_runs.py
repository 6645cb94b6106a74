"""Each rendered project starts under uvicorn and carries one real registration to its end."""

import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harness.combinations import Combination
from harness.commands import succeed
from running import Running, clean_environment, http_json, settings_printed_by, wait_until

EMAIL = "grace@example.com"
LISTENING = re.compile(r"http://127\.0\.0\.1:(\d+)")


@pytest.fixture
def environment(combination: Combination, own_copy: Path, programs: Path) -> Iterator[dict[str, str]]:
    """Where there is a broker to be had, a real one runs, and this tells the service of it."""
    if combination["event_bus"] == "memory":
        yield clean_environment()
        return
    with Running([programs / "python", "-m", "tests.servers"], own_copy, clean_environment()) as broker:
        yield clean_environment() | wait_until(lambda: settings_printed_by(broker), "the broker is ready", seconds=60)


@pytest.fixture
def service(own_copy: Path, programs: Path, environment: dict[str, str]) -> Iterator[Running]:
    succeed([programs / "python", "-m", "alembic", "upgrade", "head"], own_copy)
    with Running(uvicorn(programs, "create_app"), own_copy, environment) as running:
        yield running


@pytest.fixture
def worker(
    combination: Combination, own_copy: Path, programs: Path, environment: dict[str, str], service: Running
) -> Iterator[Running]:
    """The process that handles the events: a bus in memory needs no second one."""
    if combination["event_bus"] == "memory":
        yield service
        return
    with Running(uvicorn(programs, "create_worker"), own_copy, environment) as running:
        yield running


def uvicorn(programs: Path, factory: str) -> list[str | Path]:
    return [programs / "python", "-m", "uvicorn", "--port", "0", "--factory", f"app.main:{factory}"]


def url_of(service: Running) -> str | None:
    assert not service.ended, service.stdout + service.stderr
    match = LISTENING.search(service.stdout + service.stderr)
    return match.group() if match else None


def count_of_today(url: str) -> int | None:
    status, answer = http_json("GET", f"{url}/api/v1/signups")
    assert status == 200
    today = datetime.now(UTC).date().isoformat()
    counts: list[int] = [item["count"] for item in answer["items"] if item["day"] == today]
    return sum(counts) or None


def register(url: str) -> Any:
    body = {"email": EMAIL, "password": "correct horse battery staple"}
    status, user = http_json("POST", f"{url}/api/v1/users", body)
    assert status == 201, user
    return user


def test_one_registration_reaches_both_of_its_handlers(service: Running, worker: Running) -> None:
    url = wait_until(lambda: url_of(service), "uvicorn listens")
    user = register(url)
    status, found = http_json("GET", f"{url}/api/v1/users/{user['id']}")
    assert (status, found["email"]) == (200, EMAIL)
    assert wait_until(lambda: count_of_today(url), "the signup is counted") == 1
    wait_until(lambda: f"Welcome, {EMAIL}" in worker.stdout or None, "the mail is on stdout")
    for process in {service, worker}:
        # uvicorn finishes its work and then dies of the signal it was sent, as a shell expects.
        assert process.stop() in (0, -signal.SIGTERM)
        assert "Application shutdown complete" in process.stderr
