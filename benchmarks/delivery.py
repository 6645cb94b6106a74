"""What delivery costs: events through outbox, relay, bus, inbox and dispatcher; calling their handler directly is 1.

Runs inside a rendered project (`make bench` does it for each bus), on a real PostgreSQL and a real broker. Both sides
open a scope and commit a transaction for each event, as many at once; both run in turns, because machines are noisy.
"""

import asyncio
import os
import statistics
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from app.application.registry import EVENTS, UPCASTERS
from app.application.user.event_handlers import RecordLastSeen
from app.chassis.codec import EventCodec
from app.chassis.sql.engine import create_engine
from app.chassis.sql.envelope import to_columns
from app.chassis.sql.tables import outbox
from app.config import Settings
from app.containers import open_container
from app.core.events import Event
from app.domain.user.events import UserSignedIn
from app.infrastructure.db.tables import UserRow
from app.main import create_worker
from sqlalchemy import Engine, event, insert
from sqlalchemy.pool import Pool
from tests.chassis.database import Database
from tests.chassis.servers.broker import own_broker
from tests.chassis.servers.postgres import any_postgres
from tests.chassis.waiting import eventually
from tests.conftest import migrate

ROUNDS, COUNT = int(os.environ.get("BENCH_ROUNDS", "3")), int(os.environ.get("BENCH_EVENTS", "5000"))
SUBJECTS, AT_ONCE = 200, 20
CODEC = EventCodec(EVENTS, UPCASTERS, "bench")
START = datetime(2026, 1, 1, tzinfo=UTC)
COSTS: Counter[str] = Counter()


@event.listens_for(Engine, "before_cursor_execute")
@event.listens_for(Engine, "begin")
@event.listens_for(Engine, "commit")
def _count_statement(*_: Any) -> None:
    COSTS["statements"] += 1


@event.listens_for(Pool, "connect")
def _count_connection(*_: Any) -> None:
    COSTS["connections"] += 1


def signed_in(number: int) -> UserSignedIn:
    return UserSignedIn(user_id=UUID(int=number % SUBJECTS), occurred_at=START + timedelta(seconds=number))


async def store(url: str, table: Any, rows: list[dict[str, Any]]) -> None:
    engine = create_engine(url)
    async with engine.begin() as connection:
        await connection.execute(insert(table), rows)
    await engine.dispose()


def user(number: int) -> dict[str, Any]:
    return {"id": UUID(int=number), "email": f"{number}@example.com", "password_hash": "", "registered_at": START}


def row_of(event: Event) -> dict[str, Any]:
    return {"id": event.id, **to_columns(event)}


async def directly(settings: Settings, first: int) -> float:
    limit = asyncio.Semaphore(AT_ONCE)
    async with open_container(settings) as open_scope:

        async def handle(happened: UserSignedIn) -> None:
            async with limit, open_scope() as scope:
                await (await scope.get(RecordLastSeen))(happened)

        await asyncio.gather(*(handle(signed_in(0)) for _ in range(AT_ONCE)))  # connections are open
        started = time.perf_counter()
        await asyncio.gather(*(handle(signed_in(number)) for number in range(first, first + COUNT)))
    return time.perf_counter() - started


async def delivered(settings: Settings, database: Database, first: int) -> float:
    """From the first event in the outbox to the last delivery that is done; the worker is ready before."""
    happened = [signed_in(number) for number in range(first, first + COUNT)]
    events = [CODEC.encode(one, subject=str(one.user_id)) for one in happened]

    async def all_handled() -> bool:
        opened = COSTS["connections"]
        handled = await database.rows("SELECT count(*) FROM deliveries WHERE state = 1") == [(COUNT,)]
        COSTS["connections"] = opened  # those of the worker count, not ours
        return handled

    worker = create_worker(settings)
    async with worker.router.lifespan_context(worker):
        await asyncio.sleep(5)  # until it has its shards, and the broker has given it its partitions
        COSTS.clear()
        started = time.perf_counter()
        await store(database.url, outbox, [row_of(one) for one in events])
        await eventually(all_handled, seconds=300, every=0.2)
        taken = time.perf_counter() - started
    await database.execute("TRUNCATE deliveries, received_events")
    return taken


async def measure(settings: Settings) -> dict[str, float]:
    """Ratio, events a second, statements a delivery: medians of all rounds; most connections opened in a round."""
    database = Database(settings.database_url)
    await store(database.url, UserRow, [user(number) for number in range(SUBJECTS)])
    rounds = []
    for turn in range(ROUNDS):
        base = await directly(settings, first=2 * turn * COUNT)
        taken = await delivered(settings, database, first=(2 * turn + 1) * COUNT)
        rounds.append((taken / base, COUNT / taken, COSTS["statements"] / COUNT, float(COSTS["connections"])))
    ratio, rate, statements, connections = (list(column) for column in zip(*rounds, strict=True))
    return {
        "ratio": statistics.median(ratio),
        "rate": statistics.median(rate),
        "statements": statistics.median(statements),
        "connections": max(connections),
    }


def main(bus: str) -> None:
    with any_postgres() as server, own_broker() as broker:
        server.create_database("bench")
        migrate(server.url("bench"))
        values = {name.lower(): value for name, value in broker.environment.items()}
        values |= {"database_url": server.url("bench"), "handler_concurrency": str(AT_ONCE)}
        found = asyncio.run(measure(Settings.model_validate(values)))
        server.drop_database("bench")
    print(
        f"{bus:20} {found['ratio']:.2f} ({found['rate']:.0f} events/s here, {found['statements']:.1f} statements a "
        f"delivery, {found['connections']:.0f} connections opened)",
        flush=True,
    )


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main(sys.argv[1])
