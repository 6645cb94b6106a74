"""Handlers that take their process down, in real processes: the event ends as a dead letter, the others are handled."""

import signal
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from app.chassis.inbox.store import Inbox
from app.chassis.settings import ChassisSettings
from app.chassis.sql.database import Database
from app.chassis.sql.outbox import Outbox
from app.chassis.watchdog import EXIT_CODE
from app.core.subscriptions import Subscription
from tests.chassis.inbox_rows import counter, dead, register, states
from tests.chassis.sample import CODEC, Counted, Counter, SampleUnitOfWork, counted
from tests.chassis.waiting import eventually
from tests.chassis.worker import BLOCKS, KILLS, Moody
from tests.chassis.workers import orchestrate, worker

MOODY = Subscription("moody", Counted, Moody)
LANES = 6


@pytest.mark.parametrize(("number", "code"), [(KILLS, -signal.SIGKILL), (BLOCKS, EXIT_CODE)], ids=["kill", "block"])
async def test_an_event_that_ends_its_process_becomes_a_dead_letter_and_all_others_are_handled(
    database: Database, machine_settings: ChassisSettings, tmp_path: Path, number: int, code: int
) -> None:
    await register(database, MOODY)
    events = [counted(1000 * lane + n, str(lane)) for n in range(10) for lane in range(LANES)]
    events.insert(30, counted(number, "bad"))
    await Inbox(database).store([*events, counted(number + 50, "bad")])

    async def is_over() -> bool:
        return await states(database) == {0: 1, 1: 10 * LANES, 2: 1}

    codes = await orchestrate(machine_settings.database_url, tmp_path, is_over, handler_max_crashes=1)
    assert codes == [code] * len(codes)
    assert 1 < len(codes) <= 3  # unnoticed, noted, and the one that is allowed
    [(consumer, reason)] = await dead(database)
    assert (consumer, reason.partition(":")[0]) == ("moody", "CrashedError")
    assert [await counter(database, lane) for lane in range(LANES)] == [(10, 1000 * lane + 9) for lane in range(LANES)]


async def test_kill_9_at_any_moment_costs_no_event_and_doubles_none(
    database: Database, machine_settings: ChassisSettings, tmp_path: Path
) -> None:
    """From the outbox to the effect, while the only worker is killed again and again."""
    await register(database, MOODY)
    total = 0
    for kill in range(2):
        with worker(machine_settings.database_url, tmp_path / f"worker-{kill}") as doomed:
            await doomed.until_ready()
            await _commit(database, 25)
            total += 25
            await eventually(partial(_at_least, database, total - 22))
            doomed.kill()
    with worker(machine_settings.database_url, tmp_path / "survivor"):
        await eventually(partial(_at_least, database, total))
    assert await counter(database) == (total, total)
    assert await dead(database) == []


async def _commit(database: Database, count: int) -> None:
    """So many events more, through the unit of work, one transaction each."""
    outbox, key = Outbox(database, CODEC), UUID(int=1)
    for _ in range(count):
        async with SampleUnitOfWork(database, outbox) as uow:
            source = await uow.counters.by_id(key)
            if source is None:
                source = Counter(id=key)
                await uow.counters.add(source)
            source.count_up()
            await uow.commit()


async def _at_least(database: Database, count: int) -> bool:
    return (await counter(database))[0] >= count
