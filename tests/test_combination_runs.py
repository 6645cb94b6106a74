"""Each rendered project starts under uvicorn and carries one real registration to its end."""

import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harness.commands import succeed
from running import Running, clean_environment, http_json, wait_until

EMAIL = "grace@example.com"
LISTENING = re.compile(r"http://127\.0\.0\.1:(\d+)")


@pytest.fixture
def service(own_copy: Path, programs: Path) -> Iterator[Running]:
    succeed([programs / "python", "-m", "alembic", "upgrade", "head"], own_copy)
    uvicorn: list[str | Path] = [programs / "python", "-m", "uvicorn", "--port", "0", "--factory"]
    with Running([*uvicorn, "app.main:create_app"], own_copy, clean_environment()) as running:
        yield running


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


def test_one_registration_reaches_both_of_its_handlers(service: Running) -> None:
    url = wait_until(lambda: url_of(service), "uvicorn listens")
    user = register(url)
    status, found = http_json("GET", f"{url}/api/v1/users/{user['id']}")
    assert (status, found["email"]) == (200, EMAIL)
    assert wait_until(lambda: count_of_today(url), "the signup is counted") == 1
    wait_until(lambda: f"Welcome, {EMAIL}" in service.stdout or None, "the mail is on stdout")
    # uvicorn finishes its work and then dies of the signal it was sent, as a shell expects.
    assert service.stop() in (0, -signal.SIGTERM)
    assert "Application shutdown complete" in service.stderr
