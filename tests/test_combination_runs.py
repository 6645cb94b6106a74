"""Each rendered project starts under uvicorn and carries one real registration to its end."""

import signal
from datetime import UTC, datetime
from typing import Any

from harness.serving import url_of
from running import Running, http_json, wait_until

EMAIL = "grace@example.com"


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
