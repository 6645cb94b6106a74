import asyncio

import pytest

from app.chassis.inbox import dispatcher
from app.chassis.sql.database import Database
from app.core.exceptions import PermanentError
from app.core.retry import RetryPolicy
from app.core.subscriptions import Subscription
from tests.chassis.conftest import OpenMachine
from tests.chassis.inbox_rows import counter, dead, execute, rows, until_states
from tests.chassis.sample import Counted, counted
from tests.chassis.sample_handlers import CountInDatabase, FailingFirst, First, Second
from tests.chassis.waiting import eventually

FIRST = Subscription("first", Counted, First)
SECOND = Subscription("second", Counted, Second)
PATIENT = RetryPolicy(first_delay=0.01, max_delay=0.05)


async def test_each_consumer_gets_each_event_once_and_in_order(open_machine: OpenMachine) -> None:
    first, second = First(), Second()
    async with open_machine([FIRST, SECOND], first, second) as machine:
        machine.bus.topic += [counted(n) for n in range(50)]
        await eventually(lambda: len(first.numbers) == len(second.numbers) == 50)
        machine.bus.topic += [counted(n) for n in range(50, 60)]
        await eventually(lambda: len(first.numbers) == len(second.numbers) == 60)
    assert first.started == second.started == list(range(60))


async def test_a_failing_event_is_tried_again_and_its_lane_waits_for_it(open_machine: OpenMachine) -> None:
    first = First(FailingFirst({1: 3}))
    async with open_machine([FIRST], first) as machine:
        machine.bus.topic += [counted(n) for n in range(4)]
        await eventually(lambda: len(first.numbers) == 4)
    assert first.numbers == [0, 1, 2, 3]
    assert first.started == [0, 1, 1, 1, 1, 2, 3]


async def test_lanes_and_consumers_go_on_while_one_lane_fails(open_machine: OpenMachine) -> None:
    async def refuse_zero(number: int) -> None:
        if number == 0:
            raise ConnectionError

    first, second = First(refuse_zero), Second()
    async with open_machine([FIRST, SECOND], first, second) as machine:
        machine.bus.topic += [counted(n, subject=f"s{n % 2}") for n in range(20)]
        await eventually(lambda: len(second.numbers) == 20 and len(first.numbers) == 10)
    assert sorted(first.numbers) == list(range(1, 20, 2))


async def test_a_permanent_error_parks_the_lane_at_once_and_no_other(open_machine: OpenMachine) -> None:
    first = First(FailingFirst({1: 1}, PermanentError))
    async with open_machine([FIRST], first) as machine:
        machine.bus.topic += [counted(n, subject="a") for n in range(3)]
        machine.bus.topic += [counted(n, subject="b") for n in range(10, 13)]
        await until_states(machine.database, done=4, dead=1, waiting=1)
        assert await dead(machine.database) == [("first", "PermanentError: not yet")]
    assert first.started.count(1) == 1
    assert sorted(first.numbers) == [0, 10, 11, 12]


async def test_an_unordered_consumer_goes_on_past_a_dead_letter(open_machine: OpenMachine) -> None:
    first = First(FailingFirst({1: 1}, PermanentError))
    async with open_machine([Subscription("first", Counted, First, ordered=False)], first) as machine:
        machine.bus.topic += [counted(n) for n in range(4)]
        await eventually(lambda: len(first.numbers) == 3)
        await eventually(lambda: _is_dead(machine.database))


async def test_a_delivery_is_given_up_when_its_time_is_over(open_machine: OpenMachine) -> None:
    hopeless = First(FailingFirst({0: 10_000}))
    policy = RetryPolicy(first_delay=0.01, max_delay=0.02, give_up_after=0.5)
    async with open_machine([Subscription("first", Counted, First, retry=policy)], hopeless) as machine:
        machine.bus.topic += [counted(0)]
        await eventually(lambda: _is_dead(machine.database))
    assert len(hopeless.started) > 1


async def test_a_handler_that_hangs_is_cut_off_and_tried_again(open_machine: OpenMachine) -> None:
    async def hang(number: int) -> None:
        if number == 1 and first.started.count(1) < 3:
            await asyncio.sleep(60)

    first = First(hang)
    policy = RetryPolicy(first_delay=0.01, timeout=0.1)
    async with open_machine([Subscription("first", Counted, First, retry=policy)], first) as machine:
        machine.bus.topic += [counted(1, "a"), counted(2, "b")]
        await eventually(lambda: len(first.numbers) == 2)
    assert first.numbers == [2, 1]


async def test_as_many_handlers_run_at_once_as_the_subscription_says(open_machine: OpenMachine) -> None:
    now, most = 0, 0

    async def count(_: int) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1

    first = First(count)
    async with open_machine([Subscription("first", Counted, First, concurrency=7)], first) as machine:
        machine.bus.topic += [counted(n, subject=str(n)) for n in range(60)]
        await eventually(lambda: len(first.numbers) == 60)
    assert most == 7


async def test_sleeping_deliveries_outlive_the_process(open_machine: OpenMachine) -> None:
    failing = First(FailingFirst({0: 10_000}))
    async with open_machine([FIRST], failing, handler_first_delay=0.2) as machine:
        machine.bus.topic += [counted(n) for n in range(3)]
        await eventually(lambda: len(failing.started) > 1)
    works = First()
    async with open_machine([FIRST], works):
        await eventually(lambda: works.numbers == [0, 1, 2])


async def test_an_effect_through_the_unit_of_work_and_its_mark_are_one(open_machine: OpenMachine) -> None:
    async with open_machine([Subscription("database", Counted, CountInDatabase)], CountInDatabase) as machine:
        machine.bus.topic += [counted(n) for n in range(30)] * 2
        await until_states(machine.database, done=30)
        assert await counter(machine.database) == (30, 29)


async def test_a_sick_consumer_is_probed_by_one_attempt_at_a_time_and_catches_up_by_itself(
    open_machine: OpenMachine,
) -> None:
    is_up = False

    async def need_the_server(_: int) -> None:
        if not is_up:
            raise ConnectionError

    first = First(need_the_server)
    async with open_machine([FIRST], first, handler_first_delay=30.0) as machine:
        machine.bus.topic += [counted(n, subject=str(n)) for n in range(200)]
        await eventually(lambda: len(first.started) >= 20)
        await asyncio.sleep(0.3)
        assert len(first.started) < 60
        is_up = True
        await eventually(lambda: len(first.numbers) == 200)
        assert await dead(machine.database) == []


async def test_an_attempt_that_began_in_the_outage_and_fails_after_it_is_not_put_to_sleep_for_long(
    open_machine: OpenMachine,
) -> None:
    is_up, recovered = False, asyncio.Event()

    async def need_the_server(number: int) -> None:
        was_up = is_up
        if number == 0 and not was_up:
            await recovered.wait()  # as one that waits for a server that does not answer
        if not was_up:
            raise ConnectionError

    first = First(need_the_server)
    async with open_machine([FIRST], first, handler_first_delay=600.0) as machine:
        machine.bus.topic += [counted(n, subject=str(n)) for n in range(40)]
        await eventually(lambda: len(first.started) >= 25)
        is_up = True
        await eventually(lambda: len(first.numbers) == 39)
        recovered.set()
        await eventually(lambda: len(first.numbers) == 40)


async def _finish_the_first_behind_our_back(database: Database) -> None:
    """As a process does that lost a shard, and still had the delivery in hand."""
    first = "(SELECT min(seq) FROM deliveries)"
    await execute(database, f"UPDATE deliveries SET state = 1, due_at = NULL WHERE seq = {first}")  # noqa: S608


async def _is_asleep(database: Database) -> bool:
    return await rows(database, "SELECT 1 FROM deliveries WHERE due_at IS NOT NULL") != []


async def test_what_waits_behind_a_delivery_that_a_former_owner_finishes_comes_before_what_is_new(
    open_machine: OpenMachine,
) -> None:
    first = First(FailingFirst({0: 1}))
    async with open_machine([FIRST], first, handler_first_delay=600.0) as machine:
        machine.bus.topic += [counted(n) for n in range(4)]
        await eventually(lambda: _is_asleep(machine.database))
        machine.bus.topic += [counted(9, "other")]
        await eventually(lambda: first.numbers == [9])  # so what is behind the sleeping one has been passed
        await _finish_the_first_behind_our_back(machine.database)
        machine.bus.topic += [counted(4)]
        await eventually(lambda: len(first.numbers) == 5)
    assert first.numbers == [9, 1, 2, 3, 4]


async def test_what_waits_behind_a_delivery_that_a_former_owner_finishes_is_found_though_nothing_new_comes(
    open_machine: OpenMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "SWEEP", 0.5)
    first = First(FailingFirst({0: 1}))
    async with open_machine([FIRST], first, handler_first_delay=600.0) as machine:
        machine.bus.topic += [counted(n) for n in range(4)]
        await eventually(lambda: _is_asleep(machine.database))
        await _finish_the_first_behind_our_back(machine.database)
        await eventually(lambda: len(first.numbers) == 3)
    assert first.numbers == [1, 2, 3]


async def test_a_second_process_shares_the_work_or_stands_by(open_machine: OpenMachine) -> None:
    async def slow(_: int) -> None:
        await asyncio.sleep(0.01)

    one, two = First(slow), First(slow)
    async with open_machine([FIRST], one, process_lease=1.0) as a, open_machine([FIRST], two, process_lease=1.0) as b:
        await asyncio.sleep(1.0)
        for n in range(200):
            a.bus.topic.append(counted(n, subject=f"s{n % 40}"))
        await eventually(lambda: len(one.numbers) + len(two.numbers) == 200)
        assert sorted(one.numbers + two.numbers) == list(range(200))
        if a.database.is_postgresql:
            assert one.numbers
            assert two.numbers
        del b


async def _is_dead(database: Database) -> bool:
    return len(await dead(database)) == 1
