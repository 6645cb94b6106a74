"""Events while processes, broker, database and connections die at random, and new code is deployed; then the count.

`make chaos` runs it. CHAOS_FAULTS sets how many faults there are in each run (20 unless told).
"""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest
from sqlalchemy import select

from app.chassis.inbox.dead_letters import Choice, DeadLetters
from app.chassis.sql.database import Database as Tables
from app.chassis.sql.database import open_database
from app.chassis.sql.outbox import Outbox
from app.chassis.sql.revision import MACHINE
from app.chassis.sql.tables import DONE, deliveries
from app.core.aggregate import AggregateRoot
from tests.chassis.chaos.effects import HANDLERS, SUBJECT, Effects, read
from tests.chassis.chaos.faults import Faults, Service
from tests.chassis.conftest import make_settings, make_tables
from tests.chassis.database import Database
from tests.chassis.inbox_rows import states
from tests.chassis.sample import CODEC, NOON, Counted
from tests.chassis.servers.broker import own_broker
from tests.chassis.servers.postgres import own_postgres
from tests.chassis.servers.program import Program
from tests.chassis.waiting import eventually

FAULTS = int(os.environ.get("CHAOS_FAULTS", "20"))
SUBJECTS, PAUSE = 40, 0.5  # one event after another of each subject, and the seconds after each transaction
PATIENCE = 180.0  # seconds for everything to be handled once the faults are over
HASTE = {"PROCESS_LEASE": "2", "HANDLER_FIRST_DELAY": "0.2", "HANDLER_MAX_DELAY": "2", "HANDLER_TIMEOUT": "10"}
HASTE |= {"OUTBOX_POLL": "0.5", "SHUTDOWN_GRACE": "5", "HANDLER_MAX_CRASHES": "20"}  # innocent ones die in chaos too

T = TypeVar("T")

pytestmark = pytest.mark.chaos


@pytest.fixture(params=["sqlite", "postgresql"])
def database_and_program(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'chaos.db'}"
        make_tables(url)
        yield url, None
        return
    with own_postgres() as (server, program):
        server.create_database("chaos")
        make_tables(server.url("chaos"))
        yield server.url("chaos"), program


async def again(work: Callable[[], Awaitable[T]]) -> T:
    """The test itself must survive the faults it causes."""
    while True:
        try:
            return await work()
        except Exception:
            await asyncio.sleep(0.2)


class Author:
    """Commits numbered events of each subject, in order, as use cases would; each exactly once."""

    def __init__(self, database: Tables) -> None:
        self._database = database
        self.written = dict.fromkeys(range(SUBJECTS), 0)

    async def write(self, over: asyncio.Event) -> None:
        while not over.is_set():
            for subject in range(SUBJECTS):
                await self._commit(subject)
            await asyncio.sleep(PAUSE)

    async def _commit(self, subject: int) -> None:
        number = self.written[subject] + 1
        event = Counted(number=subject * SUBJECT + number, occurred_at=NOON)

        async def commit() -> None:
            async with Effects(self._database, Outbox(self._database, CODEC)) as effects:
                root = AggregateRoot(id=UUID(int=subject + 1))
                root.record(event)
                await effects.note("author", f"s{subject}", number)
                await Outbox(self._database, CODEC).add(effects.session, [root])
                await effects.commit()

        while True:
            try:
                await commit()
                break
            except Exception:
                await asyncio.sleep(0.1)
                if await again(lambda: self._is_written(subject, number)):  # it was, though the answer was lost
                    break
        self.written[subject] = number

    async def _is_written(self, subject: int, number: int) -> bool:
        rows = await read(self._database)
        return any(row.consumer == "author" and row.subject == f"s{subject}" and row.last == number for row in rows)


async def test_nothing_is_lost_doubled_or_out_of_order(
    database_and_program: tuple[str, Program | None], tmp_path: Path
) -> None:
    url, program = database_and_program
    (tmp_path / "sick").touch()
    with own_broker() as broker:
        service = Service({"DATABASE_URL": url, **HASTE, **broker.environment}, tmp_path)
        faults = Faults(service, broker, Database(url), program)
        settings = make_settings(database_url=url)
        try:
            async with open_database(settings, "chaos", MACHINE) as database:
                author, over = Author(database), asyncio.Event()
                writing = asyncio.create_task(author.write(over))
                await _wreak_havoc(faults, service, tmp_path, database)
                over.set()
                await writing
                (tmp_path / "sick").unlink(missing_ok=True)
                (tmp_path / "mended").touch()
                await _settle(database, author, service)
                await _report(database, author, faults)
        finally:
            service.stop()


async def _wreak_havoc(faults: Faults, service: Service, folder: Path, database: Tables) -> None:
    await eventually(lambda: _has_begun(database), PATIENCE)
    for number in range(FAULTS):
        if number == FAULTS // 3:
            await _deploy(service)
        if number == FAULTS * 2 // 3:
            (folder / "sick").unlink()
            (folder / "mended").touch()
        if number > FAULTS * 2 // 3:
            with suppress(Exception):
                await _replay(database)
        await faults.cause(random.choice(faults.kinds))
        await asyncio.sleep(random.uniform(0.3, 1.5))
    await asyncio.sleep(faults.frozen)


async def _has_begun(database: Tables) -> bool:
    return any(row.consumer == "steady" for row in await read(database))


async def _deploy(service: Service) -> None:
    for name in service.names:
        await asyncio.to_thread(service.deploy, name)
        await asyncio.sleep(0.5)


async def _replay(database: Tables) -> None:
    async for _ in DeadLetters(database).replay(Choice()):
        pass


async def _settle(database: Tables, author: Author, service: Service) -> None:
    """Until everything that was written has been handled; the report says what was not in time."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not await again(lambda: _is_all_handled(database, author)):
        if asyncio.get_running_loop().time() > deadline:
            await _show_what_is_left(database)
            for name in service.names:
                service.signal(name, signal.SIGUSR1)
            await asyncio.sleep(2)
            return
        await again(lambda: _replay(database))
        await asyncio.sleep(0.5)


async def _show_what_is_left(database: Tables) -> None:
    left = select(deliveries).where(deliveries.c.state != DONE).order_by(deliveries.c.seq).limit(100)
    async with database.engine.connect() as connection:
        for row in await connection.execute(left):
            print(row)  # noqa: T201


async def _is_all_handled(database: Tables, author: Author) -> bool:
    rows = [row for row in await read(database) if row.consumer != "author"]
    wanted = len(HANDLERS) * SUBJECTS
    is_open = any(state != DONE for state in await states(database))
    return not is_open and len(rows) == wanted and all(row.last == author.written[int(row.subject[1:])] for row in rows)


async def _report(database: Tables, author: Author, faults: Faults) -> None:
    rows = await again(lambda: read(database))
    written = sum(author.written.values())
    seen = {name: [row for row in rows if row.consumer == name] for name in ("steady", "flaky", "sick", "late")}
    lost = sum(written - sum(row.last for row in seen[name]) for name in ("steady", "flaky", "sick"))
    lost += sum(author.written[int(row.subject[1:])] - row.last for row in seen["late"])
    double = sum(row.count - (row.last - row.first + 1) for rows in seen.values() for row in rows)
    late_starts = [row for name in ("steady", "flaky", "sick") for row in seen[name] if row.first != 1]
    inversions, gaps = (sum(getattr(row, name) for row in rows) for name in ("inversions", "gaps"))
    print(  # noqa: T201
        f"\n{written} events, {sum(row.count for rows in seen.values() for row in rows)} deliveries; "
        f"{sum(faults.counts.values())} faults: {dict(faults.counts)}, and a rolling deployment; "
        f"lost {lost}, double {double}, inversions {inversions}, gaps {gaps}"
    )
    assert len(seen["late"]) == SUBJECTS
    assert (lost, double, inversions, gaps, late_starts) == (0, 0, 0, 0, [])
