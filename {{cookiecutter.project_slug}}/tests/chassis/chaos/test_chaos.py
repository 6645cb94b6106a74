"""Registrations while web, workers, broker and database connections are killed at random; then the count.

`make chaos` runs it. CHAOS_USERS sets how many register (40 unless told), each with two more events after it.
"""

import asyncio
import os
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession

from app.application.registry import EVENTS, UPCASTERS
from app.core.aggregate import AggregateRoot
from app.domain.user.events import UserRegistered
from app.infrastructure.db.engine import create_engine, make_sessions
from app.infrastructure.db.outbox import add_to_outbox
from app.infrastructure.events.codec import JsonEventCodec
from app.infrastructure.system import SystemClock
from tests.chaos.victims import Service
from tests.database import Database
from tests.servers.broker import own_broker
from tests.servers.crashing import Broker
from tests.servers.program import free_port
from tests.waiting import eventually

USERS = int(os.environ.get("CHAOS_USERS", "40"))
MORE_EVENTS = 2  # for each user, after the registration: without them there would be no order to break
PATIENCE = 120.0  # seconds for everything to be handled once the killing is over

KILL_CONNECTIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid != pg_backend_pid()
"""

pytestmark = pytest.mark.chaos


class MailServer:
    """Notes recipients in the order of arrival, over all workers."""

    def __init__(self) -> None:
        self.recipients: list[str] = []

    async def handle_DATA(self, _: SMTP, __: SmtpSession, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.recipients += envelope.rcpt_tos
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[tuple[MailServer, str]]:
    server, port = MailServer(), free_port()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    yield server, f"smtp://127.0.0.1:{port}"
    controller.stop()


async def register(service: Service, number: int) -> None:
    """Until the service has said yes, or that this user exists already: an answer may be lost in a crash."""
    body = {"email": f"user{number}.0@example.com", "password": "correct horse"}
    while True:
        try:
            async with httpx2.AsyncClient() as client:
                answer = await client.post(f"{service.url}/api/v1/users", json=body, timeout=10)
        except httpx2.TransportError:
            await asyncio.sleep(0.1)
            continue
        if answer.status_code in (201, 409):
            return
        await asyncio.sleep(0.1)


async def record_more_events(database: Database, number: int) -> None:
    """More events of the same user, each in a transaction of its own, as later use cases would."""
    [(user_id,)] = await database.rows(f"SELECT id FROM users WHERE email = 'user{number}.0@example.com'")  # noqa: S608
    user = AggregateRoot(id=UUID(str(user_id)))
    engine, codec = create_engine(database.url), JsonEventCodec(EVENTS, UPCASTERS, "chaos")
    for change in range(1, MORE_EVENTS + 1):
        email = f"user{number}.{change}@example.com"
        user.record(UserRegistered(channel="api", user_id=user.id, email=email, occurred_at=SystemClock().now()))
        async with make_sessions(engine).begin() as session:
            add_to_outbox(session, codec, [user])
    await engine.dispose()


async def cause_chaos(
    service: Service, broker: Broker, database: Database, over: asyncio.Event, ours: asyncio.Lock
) -> None:
    """`ours` is held while this test itself uses the database: its own connections are not among the victims."""
    while not over.is_set():
        await asyncio.sleep(random.uniform(0.5, 2.0))
        dice = random.random()
        if broker.durable and dice < 0.2:
            service.kills["broker"] += 1
            await asyncio.to_thread(broker.kill)
            await asyncio.sleep(random.uniform(0.0, 1.0))
            await asyncio.to_thread(broker.start)
        elif database.url.startswith("postgresql") and dice < 0.4:
            service.kills["connections"] += 1
            async with ours:
                await database.execute(KILL_CONNECTIONS)
        else:
            await asyncio.to_thread(service.kill_any)


def inversions(recipients: list[str]) -> int:
    """How often an event of a user arrived before an earlier one had; a repeated mail is no inversion."""
    reached: dict[str, int] = {}
    wrong = 0
    for recipient in recipients:
        user, change = re.fullmatch(r"user(\d+)\.(\d+)@example\.com", recipient).groups()  # type: ignore[union-attr]
        wrong += int(change) > reached.get(user, -1) + 1
        reached[user] = max(reached.get(user, -1), int(change))
    return wrong


async def test_nothing_is_lost_doubled_or_out_of_order(database: Database, tmp_path: Path) -> None:
    with mail_server() as (mails, smtp_url), own_broker() as broker:
        environment = {"DATABASE_URL": database.url, "SMTP_URL": smtp_url, "HANDLER_ATTEMPTS": "20"}
        service = Service({**environment, **broker.environment}, tmp_path)
        try:
            over, ours = asyncio.Event(), asyncio.Lock()
            chaos = asyncio.create_task(cause_chaos(service, broker, database, over, ours))
            for number in range(USERS):
                await register(service, number)
                async with ours:
                    await record_more_events(database, number)
            over.set()
            await chaos
            await asyncio.to_thread(service.wait_until_live)
            expected = USERS * (1 + MORE_EVENTS)

            async def all_counted() -> bool:
                rows = await database.rows("SELECT sum(count) FROM daily_signups")
                return (rows[0][0] or 0) >= expected and len(set(mails.recipients)) >= expected

            await eventually(all_counted, PATIENCE)
            await eventually(database.is_published, PATIENCE)
        finally:
            service.stop()
    [(counted,)] = await database.rows("SELECT sum(count) FROM daily_signups")
    letters = await database.rows("SELECT consumer, reason FROM dead_letters")
    wrong = inversions(mails.recipients)
    print(  # noqa: T201
        f"\n{USERS} registrations, {expected} events; kills: {dict(service.kills)}; lost {expected - counted}, "
        f"double {counted - expected}, mails sent again {len(mails.recipients) - expected}, inversions {wrong}"
    )
    assert (counted, letters, wrong) == (expected, [], 0)
