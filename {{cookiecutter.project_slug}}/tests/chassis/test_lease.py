"""The locks of processes: who relays, and who handles which shards."""

import asyncio
import time
from contextlib import AsyncExitStack

from app.chassis.sql.database import Database
from app.chassis.sql.lease import RELAY
from app.core.subscriptions import Subscription
from tests.chassis.conftest import OpenMachine, only_postgresql
from tests.chassis.inbox_rows import counter, cut_connections, dead, rows, until_states
from tests.chassis.local_bus import LocalBus
from tests.chassis.sample import Counted, counted
from tests.chassis.sample_handlers import CountInDatabase, First
from tests.chassis.waiting import eventually

FIRST = Subscription("first", Counted, First)
COUNTER = Subscription("counter", Counted, CountInDatabase)

LOCKS = """
SELECT pid, objid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


async def holders(database: Database) -> dict[int, int]:
    """Key of each exclusive lock, and the session that has it."""
    return {key: pid for pid, key in await rows(database, f"{LOCKS} AND mode = 'ExclusiveLock'")}


async def has_all(database: Database, sessions: int = 1) -> bool:
    found = await holders(database)
    shards = {key: pid for key, pid in found.items() if key < 32}
    return len(shards) == 32 and len(set(shards.values())) == sessions and RELAY in found


@only_postgresql
async def test_locks_whose_connection_was_cut_are_taken_again(database: Database, open_machine: OpenMachine) -> None:
    async with open_machine([COUNTER], CountInDatabase) as machine:
        await eventually(lambda: has_all(database))
        before = await holders(database)
        for turn in range(3):
            machine.bus.topic += [counted(1000 * lane + turn + 1, str(lane)) for lane in range(8)]
            await cut_connections(database, f"pid = {(await holders(database)).get(RELAY, 0)}")
            await eventually(lambda: has_all(database))
        await until_states(database, done=24)
        assert set((await holders(database)).values()) != set(before.values())
        assert await dead(database) == []
        assert [await counter(database, lane) for lane in range(8)] == [(3, 1000 * lane + 3) for lane in range(8)]


@only_postgresql
async def test_shards_are_shared_when_a_process_joins_and_taken_back_when_it_leaves(
    database: Database, open_machine: OpenMachine
) -> None:
    async with open_machine([FIRST], First(), process_lease=1.0):
        await eventually(lambda: has_all(database))
        async with open_machine([FIRST], First(), process_lease=1.0):
            await eventually(lambda: has_all(database, sessions=2))
            owners = [pid for key, pid in (await holders(database)).items() if key < 32]
            assert sorted(owners.count(pid) for pid in set(owners)) == [16, 16]
        await eventually(lambda: has_all(database))


async def test_a_process_that_ends_lets_its_handler_finish_and_another_goes_on_at_once(
    database: Database, open_machine: OpenMachine
) -> None:
    async def slow(_: int) -> None:
        await asyncio.sleep(0.5)

    one, two, topic = First(slow), First(), [counted(n, str(n % 8)) for n in range(24)]
    async with AsyncExitStack() as leaving:
        await leaving.enter_async_context(open_machine([FIRST], one, bus=LocalBus(topic)))
        await eventually(lambda: len(one.started) >= 3)
        async with open_machine([FIRST], two, bus=LocalBus(topic)):  # stands by, or takes half
            ending = time.monotonic()
            await leaving.aclose()
            assert time.monotonic() - ending < 14  # less than the grace period
            assert one.started == one.numbers
            await until_states(database, done=24)
    assert sorted(one.numbers + two.numbers) == list(range(24))


async def test_a_handler_that_outlasts_the_grace_period_is_cut_off_and_its_event_comes_again(
    database: Database, open_machine: OpenMachine
) -> None:
    async def hang(_: int) -> None:
        await asyncio.sleep(60)

    hanging, works = First(hang), First()
    began = time.monotonic()
    async with open_machine([FIRST], hanging, shutdown_grace=0.2) as machine:
        machine.bus.topic += [counted(0), counted(1)]
        await eventually(lambda: hanging.started == [0])
    assert time.monotonic() - began < 15
    assert hanging.numbers == []
    async with open_machine([FIRST], works):
        await until_states(database, done=2)
    assert works.started == [0, 1]


@only_postgresql
async def test_a_process_that_is_stopped_leaves_no_lock(database: Database, open_machine: OpenMachine) -> None:
    async with open_machine([FIRST], First()):
        await eventually(lambda: has_all(database))
    await eventually(lambda: _no_locks(database), seconds=2)


async def _no_locks(database: Database) -> bool:
    return await rows(database, LOCKS) == []
