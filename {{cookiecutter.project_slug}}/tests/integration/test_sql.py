"""What only the adapters in SQL can do, on each database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from app.application.registry import EVENTS, UPCASTERS
from app.application.user.dto import DailySignups
from app.chassis.codec import EventCodec
from app.chassis.sql.database import Database, open_database
from app.chassis.sql.outbox import Outbox
from app.config import Settings
from app.domain.user.entities import User
from app.domain.user.value_objects import Email
from app.infrastructure.db.signups import SqlSignupReader
from app.infrastructure.db.tables import HISTORY, LastSeenRow
from app.infrastructure.db.unit_of_work import SqlUnitOfWork
from app.infrastructure.db.users import SqlUserRepository
from tests.fakes import NOON

ADA = UUID(int=1)


@pytest.fixture
async def opened(settings: Settings) -> AsyncIterator[Database]:
    async with open_database(settings, "test", HISTORY) as database:
        yield database


def make_uow(database: Database) -> SqlUnitOfWork:
    return SqlUnitOfWork(database, Outbox(database, EventCodec(EVENTS, UPCASTERS, "test")))


async def add_ada(database: Database) -> None:
    async with make_uow(database) as uow:
        await uow.users.add(User(id=ADA, email=Email("ada@example.com"), password_hash="x", registered_at=NOON))
        await uow.commit()


async def test_two_that_change_one_user_wait_for_each_other(opened: Database) -> None:
    await add_ada(opened)
    lengths = []

    async def append() -> None:
        async with make_uow(opened) as uow:
            user = await uow.users.by_id(ADA)
            user.password_hash += "x"
            lengths.append(len(user.password_hash))
            await uow.commit()

    await asyncio.gather(*(append() for _ in range(5)))
    assert sorted(lengths) == [2, 3, 4, 5, 6]


async def test_what_else_the_database_refuses_is_not_taken_for_an_email_that_is_taken(opened: Database) -> None:
    async with opened.sessions() as session:
        session.add(LastSeenRow(user_id=UUID(int=99), at=NOON))  # nobody has this id
        with pytest.raises(IntegrityError):
            await SqlUserRepository(session).store()


async def test_days_are_listed_newest_first(opened: Database) -> None:
    for day in (4, 6, 5, 6):
        async with make_uow(opened) as uow:
            await uow.signups.add_one(date(2026, 5, day))
            await uow.commit()
    days = await SqlSignupReader(opened).daily(2)
    assert days == [DailySignups(date(2026, 5, 6), 2), DailySignups(date(2026, 5, 5), 1)]
