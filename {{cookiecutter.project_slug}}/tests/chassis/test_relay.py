import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest
from sqlalchemy import insert

from app.chassis.sql import relay
from app.chassis.sql.database import Database
from app.chassis.sql.envelope import to_columns
from app.chassis.sql.outbox import Outbox
from app.chassis.sql.tables import outbox
from app.core.events import Event
from tests.chassis.conftest import OpenMachine, only_postgresql
from tests.chassis.inbox_rows import cut_connections, execute, rows
from tests.chassis.local_bus import LocalBus
from tests.chassis.sample import CODEC, Counter, SampleUnitOfWork, counted
from tests.chassis.waiting import eventually


async def commit(database: Database, *events: Event) -> None:
    """As a unit of work of another process does."""
    async with database.engine.begin() as connection:
        await connection.execute(insert(outbox), [{"id": event.id, **to_columns(event)} for event in events])


async def is_published(database: Database) -> bool:
    return await rows(database, "SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT 1") == []


async def until_published(database: Database) -> None:
    await eventually(lambda: is_published(database))


@pytest.fixture
def topic() -> list[Event]:
    """What all relays of a test publish to."""
    return []


async def test_two_processes_publish_each_event_once_and_in_order(
    database: Database, open_machine: OpenMachine, topic: list[Event]
) -> None:
    events = [counted(n, subject=str(n % 5)) for n in range(300)]
    async with (
        open_machine([], bus=LocalBus(topic), consume=False),
        open_machine([], bus=LocalBus(topic), consume=False),
    ):
        for start in range(0, 300, 30):
            await commit(database, *events[start : start + 30])
        await until_published(database)
    assert [event.id for event in topic] == [event.id for event in events]


async def test_an_event_that_committed_late_with_an_early_number_is_published(
    database: Database, open_machine: OpenMachine, topic: list[Event]
) -> None:
    first, late, last = counted(0), counted(1), counted(2)
    await commit(database, first, late, last)
    await execute(database, "UPDATE outbox SET published_at = CURRENT_TIMESTAMP WHERE seq = 2")
    async with open_machine([], bus=LocalBus(topic), consume=False):
        await until_published(database)
        await execute(database, "UPDATE outbox SET published_at = NULL WHERE seq = 2")
        await until_published(database)
    assert [event.id for event in topic] == [first.id, last.id, late.id]


async def test_another_process_takes_over_when_one_ends(
    database: Database, open_machine: OpenMachine, topic: list[Event]
) -> None:
    async with open_machine([], bus=LocalBus(topic), consume=False):
        async with open_machine([], bus=LocalBus(topic), consume=False):
            await commit(database, counted(1))
            await until_published(database)
        await commit(database, counted(2))
        await until_published(database)
    assert len(topic) == 2


async def test_a_bus_that_is_away_costs_no_event_and_no_order(database: Database, open_machine: OpenMachine) -> None:
    bus = LocalBus()
    bus.away = True
    events = [counted(n) for n in range(450)]
    await commit(database, *events)
    async with open_machine([], bus=bus, consume=False):
        await asyncio.sleep(0.3)
        assert await rows(database, "SELECT count(*) FROM outbox WHERE published_at IS NULL") == [(450,)]
        bus.away = False
        await until_published(database)
    assert [event.id for event in bus.topic] == [event.id for event in events]
    assert max(bus.batches) <= relay.BATCH_ROWS


async def test_events_are_marked_only_after_they_are_published(database: Database, open_machine: OpenMachine) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    class SlowBus(LocalBus):
        async def publish_many(self, events: Sequence[Event]) -> None:
            entered.set()
            await go_on.wait()
            await super().publish_many(events)

    await commit(database, counted(1))
    async with open_machine([], bus=SlowBus(), consume=False):
        await asyncio.wait_for(entered.wait(), 10)
        await asyncio.sleep(0.1)
        assert not await is_published(database)
        go_on.set()
        await until_published(database)


@only_postgresql
async def test_a_commit_in_another_process_wakes_the_relay(database: Database, open_machine: OpenMachine) -> None:
    async with open_machine([], consume=False, outbox_poll=3600.0) as machine:
        for _ in range(2):  # the first may be found by the look at the start
            await asyncio.sleep(0.5)
            await _count_up(database)
            await until_published(database)
    assert len(machine.bus.topic) == 2


@only_postgresql
async def test_the_relay_survives_a_killed_connection(database: Database, open_machine: OpenMachine) -> None:
    async with open_machine([], consume=False) as machine:
        await commit(database, counted(1))
        await until_published(database)
        for n in (2, 3):
            await cut_connections(database)
            await _committed_in_spite_of_it(database, counted(n))
            await until_published(database)
    assert len(machine.bus.topic) == 3


async def _count_up(database: Database) -> None:
    """As a unit of work of another process does, which tells the relay."""
    async with SampleUnitOfWork(database, Outbox(database, CODEC)) as uow:
        counter = Counter(id=uuid4())
        await uow.counters.add(counter)
        counter.count_up()
        await uow.commit()


async def _committed_in_spite_of_it(database: Database, event: Event) -> None:
    async def done() -> bool:
        try:
            await commit(database, event)
        except Exception:
            return False
        return True

    await eventually(done)
