"""Events that an older version of this service wrote are handled by the present one, wherever they lay."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table

from app.chassis.sql.engine import create_engine
from app.chassis.sql.envelope import to_columns
from app.chassis.sql.tables import DEAD, deliveries, outbox, received_events
from app.config import Settings
from tests.bus import bus_overrides
from tests.chassis.database import Database
from tests.chassis.waiting import eventually
from tests.conftest import Serving
from tests.fakes import MailBox
from tests.integration.commands import Cli
from tests.older import REGISTERED_V1

MAIL = "send-welcome-email"


async def insert(database: Database, table: Table, **values: Any) -> None:
    engine = create_engine(database.url)
    async with engine.begin() as connection:
        await connection.execute(table.insert().values(values))
    await engine.dispose()


async def is_welcomed(database: Database, mailbox: MailBox) -> None:
    async def is_done() -> bool:
        return await database.rows(f"SELECT state FROM deliveries WHERE consumer = '{MAIL}'") == [(1,)]  # noqa: S608

    await eventually(lambda: [mail.to.value for mail in mailbox.mails] == ["old@example.com"])
    await eventually(is_done)


async def test_in_the_outbox(serving: Serving, database: Database, mailbox: MailBox) -> None:
    await insert(database, outbox, id=REGISTERED_V1.id, **to_columns(REGISTERED_V1))
    async with serving():
        await is_welcomed(database, mailbox)
        await eventually(database.is_published)


async def test_among_the_dead_letters(
    serving: Serving, database: Database, settings: Settings, mailbox: MailBox
) -> None:
    place = {"event_id": REGISTERED_V1.id, "lane": REGISTERED_V1.subject, "shard": 0}
    now = datetime.now(UTC)  # what was received long ago may be purged once it is handled
    await insert(database, received_events, **place, received_at=now, **to_columns(REGISTERED_V1))
    letter = {"state": DEAD, "attempts": 6, "finished_at": now, "reason": "the mail server was away"}
    await insert(database, deliveries, **place, **letter, consumer=MAIL)
    async with serving():
        await asyncio.to_thread(Cli(settings, bus_overrides()), "dead-letters", "replay", str(REGISTERED_V1.id))
        await is_welcomed(database, mailbox)
