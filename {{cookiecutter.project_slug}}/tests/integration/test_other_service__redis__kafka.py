"""What another service puts on its own topic reaches our handlers, once, even if we misread it at first."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from httpx2 import ASGITransport, AsyncClient

from app import main
from app.config import Settings
from app.core.events import Event
from app.core.translations import Translation
from app.domain.user.events import UserSeenElsewhere
from app.main import create_app, create_worker
from tests.chassis.database import Database
from tests.chassis.processes import ROOT, process
from tests.chassis.servers.crashing import Broker
from tests.chassis.waiting import eventually
from tests.integration.commands import Cli

PATIENCE = 60.0  # seconds
NOON_MS = 1_777_896_000_000  # ms since 1970
NOON = "2026-05-04T12:00:00Z"
ADA = {"email": "ada@example.com", "password": "correct horse"}


def order(customer: str) -> str:
    return json.dumps({"number": 17, "customer": customer, "placed": NOON_MS})


def put_by_another_program(own: Broker, body: str) -> None:
    program = [sys.executable, "-m", "tests.chassis.servers.other_service", own.environment["EVENT_BUS_URL"]]
    subprocess.run([*program, "shop.orders", body], cwd=ROOT, check=True, timeout=PATIENCE)


async def test_an_order_in_the_shop_is_noted_by_the_worker(
    own: Broker, environment: dict[str, str], tmp_path: Path
) -> None:
    with (
        process("app.main:create_app", environment, tmp_path / "web") as web,
        process("app.main:create_worker", environment, tmp_path / "worker") as worker,
    ):
        user_id = httpx2.post(f"{web.url}/api/v1/users", json=ADA, timeout=PATIENCE).json()["id"]
        put_by_another_program(own, order(user_id))

        def is_noted() -> bool:
            user = httpx2.get(f"{web.url}/api/v1/users/{user_id}", timeout=PATIENCE).json()
            return bool(user["last_seen_at"] == NOON)

        await eventually(is_noted, PATIENCE)
        counted = httpx2.get(f"{worker.url}/metrics").text
    assert 'event_deliveries_total{consumer="record-last-seen",outcome="handled"} 1.0' in counted


def misread(message: Event) -> UserSeenElsewhere:
    raise KeyError(json.loads(message.data)["number"])


async def test_an_order_that_was_misread_is_replayed_after_the_mending(
    own: Broker, environment: dict[str, str], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {name.lower(): value for name, value in environment.items()}
    settings = Settings.model_validate({**values, "watchdog": False})
    app, worker = create_app(settings), create_worker(settings)
    async with app.router.lifespan_context(app), AsyncClient(transport=ASGITransport(app), base_url="http://t") as web:
        user_id = (await web.post("/api/v1/users", json=ADA)).json()["id"]
        await asyncio.to_thread(put_by_another_program, own, order(user_id))

        async def is_noted() -> bool:
            user = (await web.get(f"/api/v1/users/{user_id}")).json()
            return bool(user["last_seen_at"] == NOON)

        with monkeypatch.context() as before_the_mending:
            mistake = Translation(topic="shop.orders", event=UserSeenElsewhere, translate=misread)
            before_the_mending.setattr(main, "TRANSLATIONS", (mistake,))
            async with worker.router.lifespan_context(worker):
                await eventually(lambda: is_dead_letter(database), PATIENCE)
        [letter] = await asyncio.to_thread(Cli(settings).json, "dead-letters", "list")
        assert letter["reason"] == "PermanentError: cannot be translated: KeyError: 17"
        await asyncio.to_thread(Cli(settings), "dead-letters", "replay", letter["event_id"])
        async with worker.router.lifespan_context(worker):
            await eventually(is_noted, PATIENCE)
    assert await database.rows("SELECT 1 FROM deliveries WHERE state <> 1") == []


async def is_dead_letter(database: Database) -> bool:
    return bool(await database.rows("SELECT 1 FROM deliveries WHERE state = 2"))
