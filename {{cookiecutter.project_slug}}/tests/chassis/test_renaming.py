from datetime import timedelta

import pytest

from app.chassis.inbox.consumers import ConsumerRegistry, consumers_of
from app.chassis.inbox.store import Inbox
from app.chassis.sql.database import Database
from app.core.retry import RetryPolicy
from app.core.subscriptions import Subscription
from tests.chassis.conftest import OpenMachine
from tests.chassis.inbox_rows import execute, queued, register, until_states
from tests.chassis.sample import Counted, counted
from tests.chassis.sample_handlers import First, Second
from tests.chassis.waiting import eventually

FIRST = Subscription("first", Counted, First)
SECOND = Subscription("second", Counted, Second)


async def test_consumers_without_code_are_orphans_until_they_are_dropped(database: Database) -> None:
    await register(database, FIRST, SECOND)
    registry, ours = ConsumerRegistry(database), consumers_of([FIRST], 20, RetryPolicy())
    await Inbox(database).store([counted(1), counted(2)])
    assert await registry.orphans(ours) == ["second"]
    assert await registry.drop("second") == 2
    assert await registry.orphans(ours) == []
    assert await queued(database, "second") == []
    await Inbox(database).store([counted(3)])
    await until_states(database, waiting=3)
    with pytest.raises(KeyError):
        await registry.drop("second")


async def test_a_renamed_consumer_keeps_its_deliveries_and_gets_none_twice(database: Database) -> None:
    await register(database, Subscription("old", Counted, First))
    only_old = counted(0)
    await Inbox(database).store([only_old])
    await register(database, Subscription("new", Counted, First))
    both = [counted(1), counted(2)]
    await Inbox(database).store(both)
    assert await ConsumerRegistry(database).rename("old", "new") >= 1
    assert await queued(database, "new") == [only_old.id, both[0].id, both[1].id]
    assert await queued(database, "old") == []
    assert set(await ConsumerRegistry(database).known()) == {"new"}
    with pytest.raises(KeyError):
        await ConsumerRegistry(database).rename("old", "new")


async def test_what_the_old_name_was_done_with_is_not_handled_again_under_the_new_one(
    open_machine: OpenMachine,
) -> None:
    old, new = First(), First()
    history = timedelta(days=1)
    async with open_machine([Subscription("old", Counted, First)], old) as machine:
        machine.bus.topic += [counted(n) for n in range(5)]
        await until_states(machine.database, done=5)
        await register(machine.database, Subscription("new", Counted, First, history=history))
        await ConsumerRegistry(machine.database).rename("old", "new")
    async with open_machine([Subscription("new", Counted, First, history=history)], new) as machine:
        machine.bus.topic += [counted(5)]
        await until_states(machine.database, done=6)
    assert new.started == [5]


async def test_a_process_that_runs_handles_what_a_rename_gives_it(open_machine: OpenMachine) -> None:
    first = First()
    async with open_machine([FIRST], first) as machine:
        await register(machine.database, Subscription("old", Counted, First))
        machine.bus.topic += [counted(1), counted(2)]
        await eventually(lambda: first.numbers == [1, 2])
        await execute(machine.database, "DELETE FROM deliveries WHERE consumer = 'first'")  # as if it were new
        await ConsumerRegistry(machine.database).rename("old", "first")
        await eventually(lambda: first.numbers == [1, 2, 1, 2])
