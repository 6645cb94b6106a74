"""A backlog that a worker finds: how fast it is drained, whether memory stays flat, how many connections it takes.

Runs inside a rendered project (`make bench` does it for each bus), on a real PostgreSQL and a real broker, twice: with
empty tables, and beside 1,000,000 deliveries that are done and 10,000 lanes that are parked behind a dead letter.
"""

import asyncio
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from app.application.registry import EVENTS, UPCASTERS
from app.chassis.codec import EventCodec
from app.chassis.sql.engine import create_engine
from app.chassis.sql.envelope import to_columns
from app.chassis.sql.tables import deliveries, outbox, received_events
from app.domain.user.events import UserSignedIn
from app.infrastructure.db.tables import UserRow
from sqlalchemy import insert
from tests.chassis.database import Database
from tests.chassis.processes import process
from tests.chassis.servers.broker import own_broker
from tests.chassis.servers.postgres import any_postgres
from tests.conftest import migrate

COUNT, OLD, PARKED = (int(number) for number in os.environ.get("BENCH_BACKLOG", "100000,1000000,10000").split(","))
SUBJECTS, CHUNK = 1000, 5000
CODEC = EventCodec(EVENTS, UPCASTERS, "bench")
START = datetime(2026, 1, 1, tzinfo=UTC)
CONSUMER = "record-last-seen"

# Each done event has a lane of its own; each parked lane has a dead letter and a delivery that waits behind it.
FILL = f"""
INSERT INTO {received_events.name}
  (event_id, lane, shard, type, version, source, subject, time, data, headers, received_at)
SELECT gen_random_uuid(), 'old-' || n, n % 32, '{UserSignedIn.name}', 1, 'bench', 'old-' || n, now(), '{{}}', '{{}}',
  now()
FROM generate_series(1, {OLD + PARKED}) AS n;
INSERT INTO {deliveries.name} (consumer, event_id, lane, shard, state, reason, finished_at)
SELECT '{CONSUMER}', event_id, lane, shard, CASE WHEN position > {OLD} THEN 2 ELSE 1 END, 'bench', now()
FROM {received_events.name} ORDER BY position;
INSERT INTO {received_events.name}
  (event_id, lane, shard, type, version, source, subject, time, data, headers, received_at)
SELECT gen_random_uuid(), lane, shard, type, version, source, subject, time, data, headers, now()
FROM {received_events.name} WHERE position > {OLD};
INSERT INTO {deliveries.name} (consumer, event_id, lane, shard)
SELECT '{CONSUMER}', event_id, lane, shard FROM {received_events.name} WHERE position > {OLD + PARKED}
"""  # noqa: S608 (names of tables)


async def fill(database: Database) -> None:
    for statement in FILL.split(";"):
        await database.execute(statement)
    for table in (received_events, deliveries):
        await database.execute(f"ANALYZE {table.name}")


async def add_backlog(url: str) -> None:
    engine = create_engine(url)
    for first in range(0, COUNT, CHUNK):
        happened = [
            UserSignedIn(user_id=UUID(int=n % SUBJECTS), occurred_at=START)
            for n in range(first, min(first + CHUNK, COUNT))
        ]
        rows = [CODEC.encode(one, subject=str(one.user_id)) for one in happened]
        async with engine.begin() as connection:
            await connection.execute(insert(outbox), [{"id": event.id, **to_columns(event)} for event in rows])
    await engine.dispose()


async def add_users(url: str) -> None:
    engine = create_engine(url)
    rows = [
        {"id": UUID(int=n), "email": f"{n}@example.com", "password_hash": "", "registered_at": START}
        for n in range(SUBJECTS)
    ]
    async with engine.begin() as connection:
        await connection.execute(insert(UserRow), rows)
    await engine.dispose()


def megabytes(pid: int) -> float:
    """Resident memory of the process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def count(database: Database, query: str) -> int:
    return int((await database.rows(query))[0][0])


async def is_drained(database: Database, first: int) -> bool:
    """Whether everything stored after position `first` is done."""
    stored = f"SELECT count(*) FROM {received_events.name} WHERE position > {first}"  # noqa: S608
    waiting = f"SELECT count(*) FROM {deliveries.name} WHERE state = 0 AND lane NOT LIKE 'old-%'"  # noqa: S608
    return await count(database, stored) == COUNT and await count(database, waiting) == 0


async def watch(database: Database, pid: int, first: int) -> str:
    sessions = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
    asked, opened = 1, await count(database, sessions)
    started, memory = time.perf_counter(), [megabytes(pid)]
    while not await is_drained(database, first):
        memory.append(megabytes(pid))
        asked += 2
        await asyncio.sleep(1)
    seconds = time.perf_counter() - started
    await asyncio.sleep(1.5)  # the server's statistics are late by a second
    opened = await count(database, sessions) - opened - asked
    quarter, end = memory[len(memory) // 4], memory[-1]
    return (
        f"{COUNT} events drained in {seconds:.0f} s ({COUNT / seconds:.0f}/s), about {opened} connections opened; MB "
        f"of the worker at first {memory[0]:.0f}, after a quarter {quarter:.0f}, at most {max(memory):.0f}, "
        f"at the end {end:.0f}"
    )


def main(bus: str) -> None:
    with any_postgres() as server, own_broker() as broker, tempfile.TemporaryDirectory() as folder:
        for name, full in (("empty", False), ("full", True)):
            server.create_database(f"backlog_{name}")
            url = server.url(f"backlog_{name}")
            migrate(url)
            database = Database(url)
            asyncio.run(add_users(url))
            if full:
                asyncio.run(fill(database))
            asyncio.run(add_backlog(url))
            settings = {**broker.environment, "DATABASE_URL": url, "LOG_LEVEL": "ERROR", "PYTHONDONTWRITEBYTECODE": "1"}
            with process("app.main:create_worker", settings, Path(folder) / "worker.log") as worker:
                line = asyncio.run(watch(database, worker.popen.pid, OLD + 2 * PARKED if full else 0))
            beside = f"beside {OLD} done and {PARKED} parked lanes" if full else "with empty tables"
            print(f"{bus:8} {beside}: {line}", flush=True)
            server.drop_database(f"backlog_{name}")


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main(sys.argv[1])
