from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from app.chassis.inbox.consumers import ConsumerRegistry, consumers_of
from app.chassis.inbox.store import Inbox
from app.chassis.sql.database import Database
from app.core.exceptions import PermanentError, StartupError
from app.core.retry import RetryPolicy
from app.core.subscriptions import Subscription
from tests.chassis.conftest import OpenMachine
from tests.chassis.inbox_rows import execute, queued, register, until_states
from tests.chassis.sample import Counted, Renamed, counted, renamed
from tests.chassis.sample_handlers import FailingFirst, First, OfRenamed, Second
from tests.chassis.waiting import eventually

FIRST = Subscription("first", Counted, First)
SECOND = Subscription("second", Counted, Second)


async def test_registering_adds_consumers_and_types_and_removes_none(database: Database) -> None:
    await register(database, FIRST, SECOND)
    await register(database, FIRST)
    await register(database, Subscription("first", Renamed, OfRenamed))
    known = await ConsumerRegistry(database).known()
    assert known["first"]["types"] == [Counted.name, Renamed.name]
    assert known["second"]["types"] == [Counted.name]


async def test_a_consumer_that_only_newer_code_has_gets_what_an_old_process_stores(open_machine: OpenMachine) -> None:
    first, second = First(), Second()
    async with AsyncExitStack() as new, AsyncExitStack() as old:
        old_process = await old.enter_async_context(open_machine([FIRST], First()))
        new_process = await new.enter_async_context(open_machine([FIRST, SECOND], first, second))
        old_process.bus.topic += [counted(n, subject=f"s{n % 7}") for n in range(70)]
        await eventually(lambda: old_process.bus.acknowledged == 70)
        await old.aclose()
        await until_states(new_process.database, done=140)
    assert sorted(second.numbers) == list(range(70))
    for lane in range(7):
        assert [n for n in second.numbers if n % 7 == lane] == list(range(lane, 70, 7))


async def test_a_new_consumer_gets_the_history_it_asks_for(database: Database) -> None:
    old, recent, other = counted(0), [counted(n) for n in (1, 2)], renamed()
    await Inbox(database).store([old])
    await execute(database, "UPDATE received_events SET received_at = '2020-01-01 00:00:00'")
    await Inbox(database).store([*recent, other])
    await register(database, FIRST, Subscription("historian", Counted, Second, history=timedelta(days=1)))
    later = counted(3)
    await Inbox(database).store([later])
    assert await queued(database, "first") == [later.id]
    assert await queued(database, "historian") == [*(event.id for event in recent), later.id]


async def test_history_is_handled_in_order_and_once(open_machine: OpenMachine) -> None:
    first, historian = First(), Second()
    subscriptions = [FIRST, Subscription("historian", Counted, Second, history=timedelta(days=1))]
    async with open_machine(subscriptions[:1], first) as machine:
        machine.bus.topic += [counted(n) for n in range(20)]
        await eventually(lambda: len(first.numbers) == 20)
    for _ in range(2):
        async with open_machine(subscriptions, first, historian) as machine:
            await until_states(machine.database, done=40)
    assert historian.started == list(range(20))


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        (Subscription("first", Counted, Second), "two subscriptions of consumer 'first' to 'sample.counted'"),
        (Subscription("first", Renamed, OfRenamed, ordered=False), "differ in more than event and handler"),
        (Subscription("first", Renamed, OfRenamed, concurrency=3), "differ in more than event and handler"),
    ],
)
def test_subscriptions_that_contradict_each_other_fail_the_start(other: Subscription, problem: str) -> None:
    with pytest.raises(StartupError, match=problem):
        consumers_of([FIRST, other], 20, RetryPolicy())


async def test_a_consumer_of_two_types_handles_them_in_one_order(open_machine: OpenMachine) -> None:
    order: list[int] = []

    async def note(number: int) -> None:
        order.append(number)

    subscriptions = [Subscription("both", Counted, First), Subscription("both", Renamed, OfRenamed)]
    fail = FailingFirst({2: 2})

    async def note_or_fail(number: int) -> None:
        await fail(number)
        await note(number)

    async with open_machine(subscriptions, First(note_or_fail), OfRenamed(note)) as machine:
        for n in range(5):
            machine.bus.topic += [counted(n), renamed()]
        await eventually(lambda: len(order) == 10)
    assert order == [0, -1, 1, -1, 2, -1, 3, -1, 4, -1]


async def test_a_dead_letter_of_one_type_holds_back_the_other_type_of_its_consumer(open_machine: OpenMachine) -> None:
    first, second = First(FailingFirst({0: 1}, PermanentError)), OfRenamed()
    subscriptions = [Subscription("both", Counted, First), Subscription("both", Renamed, OfRenamed)]
    async with open_machine(subscriptions, first, second) as machine:
        machine.bus.topic += [counted(0), renamed(), renamed("b")]
        await until_states(machine.database, waiting=1, done=1, dead=1)
    assert second.numbers == [-1]
