"""What a sick mail server does to the other event handlers, and slow handlers to the service.

Runs inside a rendered project (`make bench` does it for each bus), on a real PostgreSQL, a real broker and a real
SMTP server, with workers that are processes of their own.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from aiosmtpd.controller import Controller
from app.application.registry import EVENTS, UPCASTERS
from app.chassis.codec import EventCodec
from app.chassis.sql.engine import create_engine
from app.chassis.sql.envelope import to_columns
from app.chassis.sql.tables import outbox
from app.domain.user.events import UserRegistered
from sqlalchemy import insert
from tests.chassis.database import Database
from tests.chassis.processes import process
from tests.chassis.servers.broker import own_broker
from tests.chassis.servers.postgres import PostgresServer, any_postgres
from tests.chassis.servers.program import free_port
from tests.chassis.waiting import eventually
from tests.conftest import migrate

COUNT = int(os.environ.get("BENCH_EVENTS", "2000"))
CODEC = EventCodec(EVENTS, UPCASTERS, "bench")
SIGNUPS = "SELECT coalesce(sum(count), 0) FROM daily_signups"
SLOW_DONE = "SELECT count(*) FROM deliveries WHERE state = 1 AND consumer = 'send-welcome-email'"
DEAD = "SELECT count(*) FROM deliveries WHERE state = 2"


class MailServer:
    """`mode`: "up", "silent" accepts connections and never answers, "refusing" answers 550 to every tenth address."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.received: set[str] = set()

    async def handle_EHLO(self, _: Any, session: Any, __: Any, hostname: str, responses: list[str]) -> list[str]:  # noqa: N802
        while self.mode == "silent":
            await asyncio.sleep(0.1)
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, _: Any, __: Any, envelope: Any, address: str, ___: Any) -> str:  # noqa: N802
        if self.mode == "refusing" and int(address.partition("@")[0]) % 10 == 0:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802
        self.received.update(envelope.rcpt_tos)
        return "250 OK"


@contextmanager
def listening(server: MailServer, port: int) -> Iterator[None]:
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


async def register(url: str, count: int) -> None:
    engine, now = create_engine(url), datetime.now(UTC)
    events = [
        CODEC.encode(
            UserRegistered(user_id=UUID(int=n), email=f"{n}@example.com", channel="api", occurred_at=now),
            subject=str(UUID(int=n)),
        )
        for n in range(count)
    ]
    async with engine.begin() as connection:
        await connection.execute(insert(outbox), [{"id": event.id, **to_columns(event)} for event in events])
    await engine.dispose()


async def reaches(database: Database, query: str, count: int, seconds: float = 300) -> float:
    started = time.perf_counter()

    async def is_so() -> bool:
        return int((await database.rows(query))[0][0]) >= count

    await eventually(is_so, seconds, every=0.1)
    return time.perf_counter() - started


def sick_mail_server(environment: dict[str, str], url: str, mode: str, folder: Path) -> str:
    """Registrations while the mail server is so; then it is well again, and nobody does anything."""
    port, database = free_port(), Database(url)
    server = MailServer(mode)
    settings = {**environment, "DATABASE_URL": url, "SMTP_URL": f"smtp://127.0.0.1:{port}", "LOG_LEVEL": "ERROR"}
    with process("app.main:create_worker", settings, folder / f"{mode}.log"):
        time.sleep(5)
        with listening(server, port) if mode != "down" else nullcontext():
            asyncio.run(register(url, COUNT))
            taken = asyncio.run(reaches(database, SIGNUPS, COUNT))
            if mode in ("up", "refusing"):
                mails = COUNT - (COUNT + 9) // 10 if mode == "refusing" else COUNT
                asyncio.run(eventually(lambda: len(server.received) >= mails, 300, every=0.1))
            dead = asyncio.run(database.rows(DEAD))[0][0]
        line = f"{mode:9} {COUNT} signups counted in {taken:5.1f} s ({COUNT / taken:4.0f}/s), dead letters {dead}"
        if mode in ("down", "silent"):
            server.mode, started = "up", time.perf_counter()
            with listening(server, port):
                asyncio.run(eventually(lambda: len(server.received) >= COUNT, 600, every=0.1))
            dead = asyncio.run(database.rows(DEAD))[0][0]
            line += f"; back: {COUNT} mails sent in {time.perf_counter() - started:.1f} s, dead letters {dead}"
    return line


def slow_handlers(environment: dict[str, str], url: str, workers: int, folder: Path) -> str:
    settings = {**environment, "DATABASE_URL": url, "LOG_LEVEL": "ERROR", "PYTHONPATH": str(Path(__file__).parent)}
    settings |= {"HANDLER_CONCURRENCY": "40"}
    with ExitStack() as running:
        for number in range(workers):
            running.enter_context(process("slow_worker:create_worker", settings, folder / f"slow{number}.log"))
        time.sleep(6)
        asyncio.run(register(url, COUNT))
        taken = asyncio.run(reaches(Database(url), SLOW_DONE, COUNT))
    return f"handlers of 200 ms, {workers} worker(s): {COUNT / taken:.0f} events/s"


def main(bus: str) -> None:
    with any_postgres() as server, own_broker() as broker, tempfile.TemporaryDirectory() as name:
        folder, environment = Path(name), dict(broker.environment)
        for number, mode in enumerate(("up", "down", "silent", "refusing")):
            print(
                f"{bus:8} mail server {sick_mail_server(environment, fresh(server, number), mode, folder)}", flush=True
            )
        for workers in (1, 2):
            print(f"{bus:8} {slow_handlers(environment, fresh(server, 10 + workers), workers, folder)}", flush=True)


def fresh(server: PostgresServer, number: int) -> str:
    server.create_database(f"outage{number}")
    migrate(server.url(f"outage{number}"))
    return server.url(f"outage{number}")


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main(sys.argv[1])
