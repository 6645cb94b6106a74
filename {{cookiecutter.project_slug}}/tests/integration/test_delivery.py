"""From the commit to the last handler, with the real database: what the guarantees of the README rest on."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient

from app.application.user.ports import EmailMessage, EmailSender
from tests.conftest import Serving
from tests.fakes import MailBox
from tests.waiting import eventually

PASSWORD = "correct horse"


@pytest.fixture
def database(database_url: str) -> Path:
    return Path(database_url.removeprefix("sqlite+aiosqlite:///"))


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


async def register(client: AsyncClient, name: str = "ada") -> None:
    answer = await client.post("/api/v1/users", json={"email": f"{name}@example.com", "password": PASSWORD})
    assert answer.status_code == 201


def unpublished(database: Path) -> int:
    [(count,)] = rows(database, "SELECT count(*) FROM outbox WHERE published_at IS NULL")
    return int(count)


async def test_the_event_is_stored_with_the_user_and_marked_once_handled(serving: Serving, database: Path) -> None:
    async with serving() as client:
        await register(client)
        await eventually(lambda: unpublished(database) == 0)
    [(event_type, subject)] = rows(database, "SELECT type, subject FROM outbox")
    [(user_id,)] = rows(database, "SELECT id FROM users")
    assert (event_type, subject.replace("-", "")) == ("user.registered", user_id)
    consumers = {consumer for (consumer,) in rows(database, "SELECT consumer FROM inbox")}
    assert consumers == {"send-welcome-email", "record-signup"}


async def test_a_failing_handler_is_tried_again(serving: Serving, database: Path) -> None:
    mailbox = MailBox(failures=2)
    async with serving({EmailSender: mailbox}) as client:
        await register(client)
        await eventually(lambda: len(mailbox.mails) == 1)
        await eventually(lambda: unpublished(database) == 0)
    assert mailbox.attempts == 3
    assert rows(database, "SELECT * FROM dead_letters") == []


async def test_a_hopeless_event_becomes_a_dead_letter_and_holds_up_nothing(serving: Serving, database: Path) -> None:
    broken = MailBox(failures=10**9)
    async with serving({EmailSender: broken}) as client:
        await register(client, "ada")
        await register(client, "bob")
        await eventually(lambda: unpublished(database) == 0)
    letters = rows(database, "SELECT consumer, attempts, reason FROM dead_letters")
    assert [(c, a) for c, a, _ in letters] == [("send-welcome-email", 3)] * 2
    assert letters[0][2].startswith("ConnectionError")
    assert rows(database, "SELECT count FROM daily_signups") == [(2,)]


async def test_what_was_not_handled_at_shutdown_is_handled_after_restart(serving: Serving, database: Path) -> None:
    broken = MailBox(failures=10**9)
    async with serving({EmailSender: broken}, handler_first_delay=60.0) as client:
        await register(client)
        await eventually(lambda: broken.attempts == 1)
    assert unpublished(database) == 1
    mailbox = MailBox()
    async with serving({EmailSender: mailbox}):
        await eventually(lambda: len(mailbox.mails) == 1)
        await eventually(lambda: unpublished(database) == 0)
    assert rows(database, "SELECT count FROM daily_signups") == [(1,)]


async def test_a_handler_in_flight_at_shutdown_finishes(serving: Serving, database: Path) -> None:
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
    assert unpublished(database) == 0


async def test_a_handler_that_outlasts_the_grace_period_is_stopped_and_comes_again(
    serving: Serving, database: Path
) -> None:
    class HangingMailBox(MailBox):
        async def send(self, message: EmailMessage) -> None:
            self.attempts += 1
            await asyncio.Event().wait()

    hanging = HangingMailBox()
    async with serving({EmailSender: hanging}, shutdown_grace=0.1) as client:
        await register(client)
        await eventually(lambda: hanging.attempts == 1)
    assert unpublished(database) == 1


async def test_an_event_delivered_twice_counts_once(serving: Serving, database: Path) -> None:
    async with serving() as client:
        await register(client)
        await eventually(lambda: unpublished(database) == 0)
    connection = sqlite3.connect(database)
    with connection:
        connection.execute("UPDATE outbox SET published_at = NULL")
    connection.close()
    async with serving():
        await eventually(lambda: unpublished(database) == 0)
    assert rows(database, "SELECT count FROM daily_signups") == [(1,)]


async def test_two_processes_on_one_database_send_each_mail_once(
    serving: Serving, database: Path, mailbox: MailBox
) -> None:
    async with serving() as one, serving() as two:
        for n in range(20):
            await register(one if n % 2 else two, f"user{n}")
        await eventually(lambda: unpublished(database) == 0)
    assert len(mailbox.mails) == 20
    assert rows(database, "SELECT count FROM daily_signups") == [(20,)]
