"""Events that an older version of this service wrote are handled by the present one, wherever they lay."""

import asyncio

from app.application.user.ports import EmailSender
from app.config import Settings
from app.infrastructure.db.engine import create_engine, make_sessions
from app.infrastructure.db.envelope import to_columns
from app.infrastructure.db.models import Base, DeadLetterRow, OutboxRow
from tests.conftest import Serving
from tests.database import Database
from tests.fakes import NOON, MailBox
from tests.integration.test_cli import Cli
from tests.older import REGISTERED_V1
from tests.waiting import eventually


async def store(database: Database, row: Base) -> None:
    engine = create_engine(database.url)
    async with make_sessions(engine).begin() as session:
        session.add(row)
    await engine.dispose()


async def test_in_the_outbox(serving: Serving, database: Database, mailbox: MailBox) -> None:
    await store(database, OutboxRow(id=REGISTERED_V1.id, **to_columns(REGISTERED_V1)))
    async with serving():
        await eventually(lambda: [mail.to.value for mail in mailbox.mails] == ["old@example.com"])
        await eventually(database.is_published)
    assert await database.rows("SELECT * FROM dead_letters") == []


async def test_among_the_dead_letters(database: Database, settings: Settings, mailbox: MailBox) -> None:
    letter = DeadLetterRow(
        consumer="send-welcome-email",
        event_id=REGISTERED_V1.id,
        reason="the mail server was away",
        attempts=6,
        failed_at=NOON,
        **to_columns(REGISTERED_V1),
    )
    await store(database, letter)
    cli = Cli(settings, {EmailSender: mailbox})
    await asyncio.to_thread(cli, "dead-letters", "replay", str(REGISTERED_V1.id))
    assert [mail.to.value for mail in mailbox.mails] == ["old@example.com"]
    assert await database.rows("SELECT * FROM dead_letters") == []
