"""From the commit to the last handler, with the real database: what the guarantees of the README rest on."""

import asyncio
from uuid import UUID

from httpx2 import AsyncClient

from app.application.user.ports import EmailMessage, EmailSender
from tests.conftest import Serving
from tests.database import Database
from tests.fakes import MailBox
from tests.waiting import eventually

PASSWORD = "correct horse"


async def register(client: AsyncClient, name: str = "ada") -> None:
    answer = await client.post("/api/v1/users", json={"email": f"{name}@example.com", "password": PASSWORD})
    assert answer.status_code == 201


async def test_the_event_is_stored_with_the_user_and_marked_once_handled(serving: Serving, database: Database) -> None:
    async with serving() as client:
        await register(client)
        await eventually(database.is_published)
    [(event_type, subject)] = await database.rows("SELECT type, subject FROM outbox")
    [(user_id,)] = await database.rows("SELECT id FROM users")
    assert (event_type, UUID(subject)) == ("user.registered", UUID(str(user_id)))
    consumers = {consumer for (consumer,) in await database.rows("SELECT consumer FROM inbox")}
    assert consumers == {"send-welcome-email", "record-signup"}


async def test_a_failing_handler_is_tried_again(serving: Serving, database: Database) -> None:
    mailbox = MailBox(failures=2)
    async with serving({EmailSender: mailbox}) as client:
        await register(client)
        await eventually(lambda: len(mailbox.mails) == 1)
        await eventually(database.is_published)
    assert mailbox.attempts == 3
    assert await database.rows("SELECT * FROM dead_letters") == []


async def test_a_hopeless_event_becomes_a_dead_letter_and_holds_up_nothing(
    serving: Serving, database: Database
) -> None:
    broken = MailBox(failures=10**9)
    async with serving({EmailSender: broken}) as client:
        await register(client, "ada")
        await register(client, "bob")
        await eventually(database.is_published)
    letters = await database.rows("SELECT consumer, attempts, reason FROM dead_letters")
    assert [(c, a) for c, a, _ in letters] == [("send-welcome-email", 3)] * 2
    assert letters[0][2].startswith("ConnectionError")
    assert await database.rows("SELECT count FROM daily_signups") == [(2,)]


async def test_what_was_not_handled_at_shutdown_is_handled_after_restart(serving: Serving, database: Database) -> None:
    broken = MailBox(failures=10**9)
    async with serving({EmailSender: broken}, handler_first_delay=60.0) as client:
        await register(client)
        await eventually(lambda: broken.attempts == 1)
    assert not await database.is_published()
    mailbox = MailBox()
    async with serving({EmailSender: mailbox}):
        await eventually(lambda: len(mailbox.mails) == 1)
        await eventually(database.is_published)
    assert await database.rows("SELECT count FROM daily_signups") == [(1,)]


async def test_a_handler_in_flight_at_shutdown_finishes(serving: Serving, database: Database) -> None:
    class SlowMailBox(MailBox):
        async def send(self, message: EmailMessage) -> None:
            self.attempts += 1
            await asyncio.sleep(0.3)
            self.mails.append(message)

    slow = SlowMailBox()
    async with serving({EmailSender: slow}) as client:
        await register(client)
        await eventually(lambda: slow.attempts == 1)
    assert len(slow.mails) == 1
    assert await database.is_published()


async def test_a_handler_that_outlasts_the_grace_period_is_stopped_and_comes_again(
    serving: Serving, database: Database
) -> None:
    class HangingMailBox(MailBox):
        async def send(self, message: EmailMessage) -> None:
            self.attempts += 1
            await asyncio.Event().wait()

    hanging = HangingMailBox()
    async with serving({EmailSender: hanging}, shutdown_grace=0.1) as client:
        await register(client)
        await eventually(lambda: hanging.attempts == 1)
    assert not await database.is_published()


async def test_an_event_delivered_twice_counts_once(serving: Serving, database: Database) -> None:
    async with serving() as client:
        await register(client)
        await eventually(database.is_published)
    await database.execute("UPDATE outbox SET published_at = NULL")
    async with serving():
        await eventually(database.is_published)
    assert await database.rows("SELECT count FROM daily_signups") == [(1,)]


async def test_two_processes_on_one_database_send_each_mail_once(
    serving: Serving, database: Database, mailbox: MailBox
) -> None:
    async with serving() as one, serving() as two:
        for n in range(20):
            await register(one if n % 2 else two, f"user{n}")
        await eventually(database.is_published)
    assert len(mailbox.mails) == 20
    assert await database.rows("SELECT count FROM daily_signups") == [(20,)]
