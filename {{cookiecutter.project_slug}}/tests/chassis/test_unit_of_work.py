import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.registry import EVENTS, UPCASTERS
from app.config import Settings
from app.core.delivery import AlreadyHandledError, Delivery, current_delivery
from app.domain.user.entities import User
from app.domain.user.repositories import EmailTakenError
from app.domain.user.value_objects import Email
from app.infrastructure.db.engine import make_sessions, open_engine
from app.infrastructure.db.inbox import SqlInbox
from app.infrastructure.db.models import LastSeenRow, OutboxRow, UserRow
from app.infrastructure.db.outbox import OutboxSignal
from app.infrastructure.db.signups import SqlSignupReader
from app.infrastructure.db.unit_of_work import SqlUnitOfWork
from app.infrastructure.db.user_repository import SqlUserRepository
from app.infrastructure.events.codec import JsonEventCodec
from tests.fakes import NOON

DAY = date(2026, 5, 4)


@pytest.fixture
async def engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    async with open_engine(settings.database_url) as engine:
        yield engine


def make_uow(engine: AsyncEngine, signal: OutboxSignal | None = None) -> SqlUnitOfWork:
    return SqlUnitOfWork(make_sessions(engine), JsonEventCodec(EVENTS, UPCASTERS, "test"), signal or OutboxSignal())


def ada(number: int = 1) -> User:
    return User.register(
        channel="api", user_id=UUID(int=number), email=Email("ada@example.com"), password_hash="x", now=NOON
    )


async def count(engine: AsyncEngine, row: type[UserRow] | type[OutboxRow]) -> int:
    async with engine.connect() as connection:
        return (await connection.execute(select(func.count()).select_from(row))).scalar_one()


async def test_commit_stores_the_aggregate_and_its_event_and_wakes_the_relay(engine: AsyncEngine) -> None:
    signal = OutboxSignal()
    async with make_uow(engine, signal) as uow:
        await uow.users.add(ada())
        await uow.commit()
    assert (await count(engine, UserRow), await count(engine, OutboxRow), signal.is_set()) == (1, 1, True)


async def test_without_commit_nothing_is_stored(engine: AsyncEngine) -> None:
    async with make_uow(engine) as uow:
        await uow.users.add(ada())
    assert (await count(engine, UserRow), await count(engine, OutboxRow)) == (0, 0)


async def test_an_email_that_is_taken_at_the_same_moment_is_refused(engine: AsyncEngine) -> None:
    async with make_uow(engine) as uow:
        await uow.users.add(ada(1))
        await uow.commit()
    async with make_uow(engine) as uow:
        with pytest.raises(EmailTakenError):
            await uow.users.add(ada(2))


async def test_last_seen_is_the_latest_moment_and_of_users_that_there_are(engine: AsyncEngine) -> None:
    later = NOON + timedelta(hours=1)
    async with make_uow(engine) as uow:
        await uow.users.add(ada())
        for moment in (later, NOON):
            await uow.last_seen.note(UUID(int=1), moment)
        await uow.last_seen.note(UUID(int=99), NOON)
        await uow.commit()
    async with make_sessions(engine)() as session:
        [row] = await session.scalars(select(LastSeenRow))
    assert (row.user_id, row.at) == (UUID(int=1), later)


async def test_what_else_the_database_refuses_is_not_taken_for_an_email_that_is_taken(engine: AsyncEngine) -> None:
    sessions = make_sessions(engine)
    async with make_uow(engine) as uow:
        await uow.users.add(ada())
        await uow.commit()
    async with sessions() as session:
        users = SqlUserRepository(session, lambda _: None)
        session.add(LastSeenRow(user_id=UUID(int=99), at=NOON))  # nobody has this id
        with pytest.raises(IntegrityError):
            await users.write_back()


async def test_deliveries_of_one_event_at_the_same_moment_take_effect_once(engine: AsyncEngine) -> None:
    outcomes = []

    async def deliver() -> None:
        current_delivery.set(Delivery("counter", UUID(int=9)))
        try:
            async with make_uow(engine) as uow:
                await uow.signups.add_one(DAY)
                await uow.commit()
        except AlreadyHandledError:
            outcomes.append("already")
        else:
            outcomes.append("handled")

    await asyncio.gather(*(asyncio.create_task(deliver()) for _ in range(5)))
    assert sorted(outcomes) == ["already"] * 4 + ["handled"]
    assert [day.count for day in await SqlSignupReader(engine).daily(1)] == [1]


async def test_an_event_handler_cannot_commit_twice(engine: AsyncEngine) -> None:
    current_delivery.set(Delivery("counter", UUID(int=9)))
    async with make_uow(engine) as uow:
        await uow.commit()
    with pytest.raises(RuntimeError, match="commits once"):
        async with make_uow(engine) as uow:
            await uow.commit()


async def test_days_are_listed_newest_first(engine: AsyncEngine) -> None:
    for day in (4, 6, 5, 6):
        async with make_uow(engine) as uow:
            await uow.signups.add_one(date(2026, 5, day))
            await uow.commit()
    days = await SqlSignupReader(engine).daily(2)
    assert [(d.day.day, d.count) for d in days] == [(6, 2), (5, 1)]


async def test_commit_stores_what_was_changed_on_a_fetched_aggregate(engine: AsyncEngine) -> None:
    async with make_uow(engine) as uow:
        await uow.users.add(ada())
        await uow.commit()
    async with make_uow(engine) as uow:
        user = await uow.users.by_id(UUID(int=1))
        assert await uow.users.by_email(user.email) is user
        user.email = Email("new@example.com")
        await uow.commit()
    async with make_uow(engine) as uow:
        assert (await uow.users.by_id(UUID(int=1))).email == Email("new@example.com")


async def test_two_that_change_one_user_wait_for_each_other(engine: AsyncEngine) -> None:
    async with make_uow(engine) as uow:
        await uow.users.add(ada())
        await uow.commit()
    lengths = []

    async def append() -> None:
        async with make_uow(engine) as uow:
            user = await uow.users.by_id(UUID(int=1))
            user.password_hash += "x"
            lengths.append(len(user.password_hash))
            await uow.commit()

    await asyncio.gather(*(append() for _ in range(5)))
    assert sorted(lengths) == [2, 3, 4, 5, 6]


async def test_a_unit_of_work_cannot_be_entered_twice_at_once(engine: AsyncEngine) -> None:
    uow = make_uow(engine)
    async with uow:
        with pytest.raises(RuntimeError, match="open already"):
            await uow.__aenter__()


async def test_deliveries_that_never_ended_are_counted_for_each_consumer(engine: AsyncEngine) -> None:
    inbox, one, other = SqlInbox(engine, make_sessions(engine)), UUID(int=1), UUID(int=2)
    for consumer in ("a", "a", "b"):
        await inbox.begin(consumer, one)
    assert [await inbox.unfinished(*key) for key in (("a", one), ("b", one), ("a", other))] == [2, 1, 0]
    await inbox.end("a", one)
    assert [await inbox.unfinished(*key) for key in (("a", one), ("b", one), ("a", other))] == [0, 1, 0]
