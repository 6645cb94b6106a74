"""What delivery costs: events through outbox, relay, bus, worker and inbox; calling their handler directly is 1.

Runs inside a rendered project (`make bench` does it for each bus), on a real PostgreSQL and a real broker. Both sides
open a scope and commit a transaction for each event, ten at a time; both run in turns, because machines are noisy.
"""

import asyncio
import os
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from app.application.registry import EVENTS, UPCASTERS
from app.application.user.event_handlers import RecordLastSeen
from app.config import Settings
from app.containers import open_container
from app.domain.user.events import UserSignedIn
from app.infrastructure.db.engine import create_engine, make_sessions
from app.infrastructure.db.envelope import to_columns
from app.infrastructure.db.models import OutboxRow, UserRow
from app.infrastructure.events.codec import JsonEventCodec
from app.main import create_worker
from tests.conftest import migrate
from tests.database import Database
from tests.servers.broker import own_broker
from tests.servers.postgres import any_postgres
from tests.waiting import eventually

ROUNDS, COUNT = int(os.environ.get("BENCH_ROUNDS", "3")), int(os.environ.get("BENCH_EVENTS", "5000"))
SUBJECTS, AT_ONCE = 200, 10
CODEC = JsonEventCodec(EVENTS, UPCASTERS, "bench")
START = datetime(2026, 1, 1, tzinfo=UTC)


def signed_in(number: int) -> UserSignedIn:
    return UserSignedIn(user_id=UUID(int=number % SUBJECTS), occurred_at=START + timedelta(seconds=number))


async def store(url: str, rows: list[UserRow] | list[OutboxRow]) -> None:
    engine = create_engine(url)
    async with make_sessions(engine).begin() as session:
        session.add_all(rows)
    await engine.dispose()


def user(number: int) -> UserRow:
    return UserRow(id=UUID(int=number), email=f"{number}@example.com", password_hash="", registered_at=START)


async def directly(settings: Settings, first: int) -> float:
    limit = asyncio.Semaphore(AT_ONCE)
    async with open_container(settings) as open_scope:

        async def handle(event: UserSignedIn) -> None:
            async with limit, open_scope() as scope:
                await (await scope.get(RecordLastSeen))(event)

        started = time.perf_counter()
        await asyncio.gather(*(handle(signed_in(number)) for number in range(first, first + COUNT)))
    return time.perf_counter() - started


async def delivered(settings: Settings, database: Database, first: int) -> float:
    """From the first event in the outbox to the last inbox row; the worker is ready before."""
    happened = [signed_in(number) for number in range(first, first + COUNT)]
    events = [CODEC.encode(event, subject=str(event.user_id)) for event in happened]

    async def all_handled() -> bool:
        return await database.rows("SELECT count(*) FROM inbox") == [(COUNT,)]

    worker = create_worker(settings)
    async with worker.router.lifespan_context(worker):
        await asyncio.sleep(5)  # until it has its partitions
        started = time.perf_counter()
        await store(database.url, [OutboxRow(id=event.id, **to_columns(event)) for event in events])
        await eventually(all_handled, seconds=300)
        taken = time.perf_counter() - started
    await database.execute("DELETE FROM inbox")
    return taken


async def measure(settings: Settings) -> tuple[float, float]:
    """Ratio and events a second, the medians of all rounds."""
    database = Database(settings.database_url)
    await store(database.url, [user(number) for number in range(SUBJECTS)])
    ratios, rates = [], []
    for turn in range(ROUNDS):
        base = await directly(settings, first=2 * turn * COUNT)
        taken = await delivered(settings, database, first=(2 * turn + 1) * COUNT)
        ratios.append(taken / base)
        rates.append(COUNT / taken)
    return statistics.median(ratios), statistics.median(rates)


def main(bus: str) -> None:
    with any_postgres() as server, own_broker() as broker:
        server.create_database("bench")
        migrate(server.url("bench"))
        values = {name.lower(): value for name, value in broker.environment.items()}
        settings = Settings.model_validate({**values, "database_url": server.url("bench"), "outbox_poll": 0.05})
        ratio, rate = asyncio.run(measure(settings))
        server.drop_database("bench")
    print(f"{bus:20} {ratio:.2f} ({rate:.0f} events/s here)", flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main(sys.argv[1])
