"""What the machine knows of attempts that ended with their process. Here nothing is killed: see test_crashes.py."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import update

from app.chassis.inbox.store import Inbox
from app.chassis.sql.database import Database
from app.chassis.sql.tables import deliveries
from app.core.events import Event
from app.core.subscriptions import Subscription
from tests.chassis.conftest import OpenMachine
from tests.chassis.inbox_rows import dead, execute, register, rows, until_states
from tests.chassis.sample import Counted, counted
from tests.chassis.sample_handlers import FailingFirst, First
from tests.chassis.waiting import eventually

FIRST = Subscription("first", Counted, First)


async def as_after_a_crash(database: Database, events: list[Event]) -> None:
    await register(database, FIRST)
    await Inbox(database).store(events)
    await execute(database, "UPDATE inbox_shards SET clean = false")


async def note_starts(database: Database, event_id: UUID, starts: int) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(update(deliveries).filter_by(event_id=event_id).values(starts=starts))


async def starts(database: Database) -> list[int]:
    return [int(row[0]) for row in await rows(database, "SELECT starts FROM deliveries ORDER BY seq")]


async def test_after_an_unclean_end_attempts_are_noted_before_they_begin(
    database: Database, open_machine: OpenMachine
) -> None:
    seen: list[list[int]] = []

    async def look(_: int) -> None:
        seen.append(await starts(database))

    await as_after_a_crash(database, [counted(0), counted(1)])
    async with open_machine([FIRST], First(look)):
        await until_states(database, done=2)
    assert seen == [[1, 0], [1, 1]]


async def test_after_a_clean_end_nothing_is_noted(database: Database, open_machine: OpenMachine) -> None:
    async with open_machine([FIRST], First()) as machine:
        machine.bus.topic += [counted(n, subject=str(n)) for n in range(40)]
        await until_states(database, done=40)
        assert await rows(database, "SELECT count(*) FROM inbox_shards WHERE NOT clean") != [(0,)]
    assert await rows(database, "SELECT count(*) FROM inbox_shards WHERE NOT clean") == [(0,)]
    async with open_machine([FIRST], First()) as machine:
        machine.bus.topic += [counted(n, subject=str(n)) for n in range(40)]
        await until_states(database, done=80)
    assert set(await starts(database)) == {0}


async def test_what_is_stored_after_the_takeover_is_not_suspected(
    database: Database, open_machine: OpenMachine
) -> None:
    await as_after_a_crash(database, [counted(0)])
    async with open_machine([FIRST], First()) as machine:
        await until_states(database, done=1)
        machine.bus.topic += [counted(n) for n in range(1, 5)]
        await until_states(database, done=5)
    assert await starts(database) == [1, 0, 0, 0, 0]


async def test_an_event_that_ended_the_process_too_often_is_a_dead_letter_and_other_lanes_go_on(
    database: Database, open_machine: OpenMachine
) -> None:
    events = [counted(0, "bad"), counted(1, "bad"), counted(2, "a"), counted(3, "b")]
    await as_after_a_crash(database, events)
    await note_starts(database, events[0].id, 3)
    first = First()
    async with open_machine([FIRST], first, handler_max_crashes=2):
        await until_states(database, dead=1, waiting=1, done=2)
        assert await dead(database) == [("first", "CrashedError: 3 attempts ended with their process")]
    assert sorted(first.started) == [2, 3]


async def test_an_event_may_end_the_process_as_often_as_the_setting_says(
    database: Database, open_machine: OpenMachine
) -> None:
    events = [counted(0)]
    await as_after_a_crash(database, events)
    await note_starts(database, events[0].id, 2)
    first = First()
    async with open_machine([FIRST], first, handler_max_crashes=2):
        await until_states(database, done=1)
    assert first.numbers == [0]


async def test_those_that_may_have_ended_the_process_run_alone(database: Database, open_machine: OpenMachine) -> None:
    running: set[int] = set()
    together: list[set[int]] = []

    async def run(number: int) -> None:
        running.add(number)
        together.append(set(running))
        await asyncio.sleep(0.05)
        running.discard(number)

    suspects = [counted(n, subject=str(n)) for n in range(4)]
    await as_after_a_crash(database, suspects)
    for event in suspects:
        await note_starts(database, event.id, 1)
    async with open_machine([FIRST], First(run)):
        await until_states(database, done=4)
    assert [len(at_once) for at_once in together] == [1, 1, 1, 1]


@pytest.mark.parametrize("failures", [1, 3])
async def test_an_attempt_that_ended_is_not_taken_for_a_crash(
    database: Database, open_machine: OpenMachine, failures: int
) -> None:
    await as_after_a_crash(database, [counted(0)])
    first = First(FailingFirst({0: failures}))
    async with open_machine([FIRST], first, handler_max_crashes=1):
        await until_states(database, done=1)
    assert first.started == [0] * (failures + 1)
    [(note, attempts)] = await rows(database, "SELECT starts, attempts FROM deliveries")
    assert attempts == failures
    assert note <= 1


async def test_a_handler_that_is_cut_off_by_the_end_of_the_grace_period_is_no_crash(
    database: Database, open_machine: OpenMachine
) -> None:
    async def hang(_: int) -> None:
        await asyncio.Event().wait()

    first, began = First(hang), datetime.now(UTC)
    async with open_machine([FIRST], first, shutdown_grace=0.2) as machine:
        machine.bus.topic += [counted(0)]
        await eventually(lambda: first.started == [0])
    assert (datetime.now(UTC) - began).total_seconds() < 10
    assert await starts(database) == [0]
    second = First()
    async with open_machine([FIRST], second):
        await until_states(database, done=1)
    assert second.numbers == [0]
