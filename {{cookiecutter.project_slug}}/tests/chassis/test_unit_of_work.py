import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest

from app.chassis.context import DeliveryInHand, current_delivery
from app.chassis.inbox.store import Inbox
from app.chassis.sql.database import Database
from app.chassis.sql.delivery import AlreadyHandledError
from app.chassis.sql.outbox import Outbox
from app.core.subscriptions import Subscription
from tests.chassis.inbox_rows import register, rows, states
from tests.chassis.sample import CODEC, Counted, Counter, SampleUnitOfWork, counted
from tests.chassis.sample_handlers import First

KEY = UUID(int=5)
FIRST = Subscription("first", Counted, First)


def make_uow(database: Database, outbox: Outbox | None = None) -> SampleUnitOfWork:
    return SampleUnitOfWork(database, outbox or Outbox(database, CODEC))


@contextmanager
def handling(delivery: DeliveryInHand) -> Iterator[None]:
    token = current_delivery.set(delivery)
    try:
        yield
    finally:
        current_delivery.reset(token)


async def a_delivery(database: Database) -> DeliveryInHand:
    await register(database, FIRST)
    event = counted(1)
    await Inbox(database).store([event])
    return DeliveryInHand("first", event.id)


async def counts(database: Database) -> tuple[int, int]:
    """Rows of counters, and of the outbox."""
    found = await rows(database, "SELECT (SELECT count(*) FROM sample_counters), (SELECT count(*) FROM outbox)")
    return (int(found[0][0]), int(found[0][1]))


async def add_counter(uow: SampleUnitOfWork, key: UUID = KEY) -> None:
    counter = Counter(id=key)
    await uow.counters.add(counter)
    counter.count_up()


async def test_a_commit_stores_aggregate_event_and_mark_and_wakes_the_relay(database: Database) -> None:
    delivery, outbox = await a_delivery(database), Outbox(database, CODEC)
    with handling(delivery):
        async with make_uow(database, outbox) as uow:
            await add_counter(uow)
            await uow.commit()
    assert await counts(database) == (1, 1)
    assert await states(database) == {1: 1}
    assert delivery.settled
    assert outbox.committed.is_set()


@pytest.mark.parametrize("fails", [False, True])
async def test_without_a_commit_nothing_is_stored_and_nothing_is_marked(database: Database, fails: bool) -> None:
    delivery = await a_delivery(database)
    with handling(delivery):
        try:
            async with make_uow(database) as uow:
                await add_counter(uow)
                if fails:
                    raise RuntimeError
        except RuntimeError:
            pass
    assert await counts(database) == (0, 0)
    assert await states(database) == {0: 1}
    assert not delivery.settled


async def test_a_second_commit_in_one_delivery_is_refused(database: Database) -> None:
    with handling(await a_delivery(database)):
        async with make_uow(database) as uow:
            await uow.commit()
        async with make_uow(database) as uow:
            await add_counter(uow)
            with pytest.raises(RuntimeError, match="commits once"):
                await uow.commit()
    assert await counts(database) == (0, 0)


async def test_a_delivery_that_is_settled_already_rolls_everything_back(database: Database) -> None:
    delivery = await a_delivery(database)
    with handling(delivery):
        async with make_uow(database) as uow:
            await uow.commit()
    with handling(DeliveryInHand(delivery.consumer, delivery.event_id)):
        async with make_uow(database) as uow:
            await add_counter(uow)
            with pytest.raises(AlreadyHandledError):
                await uow.commit()
    assert await counts(database) == (0, 0)


async def test_attempts_at_one_delivery_at_the_same_moment_take_effect_once(database: Database) -> None:
    delivery = await a_delivery(database)
    outcomes: list[str] = []

    async def attempt() -> None:
        current_delivery.set(DeliveryInHand(delivery.consumer, delivery.event_id))
        try:
            async with make_uow(database) as uow:
                await add_counter(uow, uuid4())
                await asyncio.sleep(0.01)
                await uow.commit()
        except AlreadyHandledError:
            outcomes.append("already")
        else:
            outcomes.append("handled")

    await asyncio.gather(*(asyncio.create_task(attempt()) for _ in range(5)))
    assert sorted(outcomes) == ["already"] * 4 + ["handled"]
    assert await counts(database) == (1, 1)


async def test_a_unit_of_work_cannot_be_entered_twice_at_once(database: Database) -> None:
    uow = make_uow(database)
    async with uow:
        with pytest.raises(RuntimeError, match="open already"):
            await uow.__aenter__()
