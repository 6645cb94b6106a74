"""kill -9 between the commit and the delivery, again and again: nothing is lost, nothing counts twice."""

import os
import random
import re
import time
from pathlib import Path

import httpx2

from tests.database import count_unpublished
from tests.processes import process

KILLS = int(os.environ.get("CRASH_TEST_KILLS", "3"))


def register(url: str, name: str) -> bool:
    """True if the service said so; False if it died before it could."""
    body = {"email": f"{name}@example.com", "password": "correct horse"}
    try:
        return httpx2.post(f"{url}/api/v1/users", json=body, timeout=30).status_code == 201
    except httpx2.TransportError:
        return False


def test_every_user_is_counted_once_and_welcomed_however_often_the_service_dies(
    database_url: str, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    environment = {"DATABASE_URL": database_url}
    interrupted = 0
    for kill in range(KILLS):
        with process("app.main:create_app", environment, output) as server:
            assert register(server.url, f"user{kill}")
            time.sleep(random.choice((0.0, 0.0, 0.002, 0.01)))
            server.kill()
        interrupted += count_unpublished(database_url)
    with process("app.main:create_app", environment, output) as server:
        deadline = time.monotonic() + 30
        while count_unpublished(database_url):
            assert time.monotonic() < deadline, "events stay in the outbox"
            time.sleep(0.05)
        days = httpx2.get(f"{server.url}/api/v1/signups").json()["items"]
        server.stop()
    assert sum(day["count"] for day in days) == KILLS
    welcomed = set(re.findall(r"^To: (user\d+)@example\.com$", output.read_text(), re.MULTILINE))
    assert welcomed == {f"user{kill}" for kill in range(KILLS)}
    print(f"{KILLS} kills, of which {interrupted} before the delivery was done")  # noqa: T201
    assert interrupted > 0, "no kill came between commit and delivery: the test proved nothing"
