from datetime import UTC, datetime, timedelta

import pytest

from app.chassis.inbox.store import Inbox
from app.chassis.sql import purge
from app.chassis.sql.database import Database
from app.core.subscriptions import Subscription
from tests.chassis.conftest import OpenMachine
from tests.chassis.inbox_rows import execute, register, rows, stored
from tests.chassis.sample import Counted, counted
from tests.chassis.sample_handlers import First, Second
from tests.chassis.test_relay import commit, until_published
from tests.chassis.waiting import eventually

DAY = timedelta(days=1)
FIRST, SECOND = Subscription("first", Counted, First), Subscription("second", Counted, Second)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "CHUNK", 4)
    monkeypatch.setattr(purge, "PAUSE", 0.0)
    monkeypatch.setattr(purge, "LOOK", 0.1)


async def purge_all(database: Database) -> int:
    """One round; the number of chunks."""
    chunks = 0
    for chunk in (purge.purge_outbox, purge.purge_inbox):
        after: int | None = 0
        while after is not None:
            async with database.engine.begin() as connection:
                after = await chunk(connection, after, datetime.now(UTC) - DAY)
            chunks += 1
    return chunks


async def age(database: Database, column: str, where: str = "1 = 1") -> None:
    """`column`: with its table."""
    table, name = column.split(".")
    await execute(database, f"UPDATE {table} SET {name} = '2020-01-01 00:00:00' WHERE {where}")  # noqa: S608


async def test_published_events_are_forgotten_when_they_are_old_and_others_never(database: Database) -> None:
    await commit(database, *(counted(n) for n in range(20)))
    await execute(database, "UPDATE outbox SET published_at = CURRENT_TIMESTAMP WHERE seq > 3 AND seq <= 18")
    await age(database, "outbox.published_at", "seq > 3 AND seq <= 15")
    assert await purge_all(database) > 4
    assert await rows(database, "SELECT seq FROM outbox ORDER BY seq") == [(n,) for n in (1, 2, 3, 16, 17, 18, 19, 20)]


async def test_received_events_are_forgotten_when_all_consumers_are_done_with_them(database: Database) -> None:
    await register(database, FIRST, SECOND)
    events = [counted(n) for n in range(20)]
    await Inbox(database).store(events)
    await age(database, "received_events.received_at", "position <= 16")
    await execute(database, "UPDATE deliveries SET state = 1")
    await execute(database, "UPDATE deliveries SET state = 0 WHERE consumer = 'first' AND seq <= 4")
    await execute(database, "UPDATE deliveries SET state = 2 WHERE consumer = 'second' AND seq BETWEEN 15 AND 20")
    open_events = {key for (key,) in await rows(database, "SELECT DISTINCT event_id FROM deliveries WHERE state <> 1")}
    await purge_all(database)
    kept = {key for (key,) in await rows(database, "SELECT event_id FROM received_events")}
    assert kept >= open_events
    assert len(kept) == len(open_events) + 4
    assert (await stored(database))[-4:] == [event.id for event in events[16:]]
    assert {key for (key,) in await rows(database, "SELECT event_id FROM deliveries")} == kept


async def test_what_nobody_wanted_is_forgotten_too(database: Database) -> None:
    await Inbox(database).store([counted(n) for n in range(6)])
    await age(database, "received_events.received_at")
    await purge_all(database)
    assert await stored(database) == []


async def test_the_relay_goes_on_while_a_purge_runs(
    database: Database, open_machine: OpenMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "PAUSE", 0.05)
    await commit(database, *(counted(n) for n in range(200)))
    await age(database, "outbox.published_at")
    async with open_machine([], consume=False) as machine:
        await eventually(lambda: _purging(database))
        await commit(database, counted(1))
        await until_published(database)
        assert await _purging(database)
        assert len(machine.bus.topic) == 1


async def test_the_machine_purges_by_itself(database: Database, open_machine: OpenMachine) -> None:
    await commit(database, *(counted(n) for n in range(10)))
    await age(database, "outbox.published_at")
    async with open_machine([], consume=False, outbox_retention_days=30):
        await eventually(lambda: _is_empty(database))


async def _purging(database: Database) -> bool:
    [(count,)] = await rows(database, "SELECT count(*) FROM outbox")
    return 0 < int(count) < 200


async def _is_empty(database: Database) -> bool:
    return await rows(database, "SELECT 1 FROM outbox") == []
