"""What every unit of work keeps, the fake as well as the real one on each database."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError, PendingRollbackError

from app.application.ports import UnitOfWork
from app.application.registry import EVENTS, UPCASTERS
from app.chassis.codec import EventCodec
from app.chassis.sql.database import Database, open_database
from app.chassis.sql.outbox import Outbox
from app.config import Settings
from app.core.events import DomainEvent
from app.domain.user.entities import User
from app.domain.user.errors import EmailTakenError, UserNotFoundError
from app.domain.user.events import UserSignedIn
from app.domain.user.value_objects import Email
from app.infrastructure.db.signups import SqlSignupReader
from app.infrastructure.db.tables import HISTORY
from app.infrastructure.db.unit_of_work import SqlUnitOfWork
from app.infrastructure.db.users import SqlUserReader
from tests.conftest import NewDatabase
from tests.fakes import NOON, FakeUnitOfWork

ADA, BOB = UUID(int=1), UUID(int=2)
LATER = NOON + timedelta(hours=1)


class Kept(Protocol):
    """A unit of work, and what everybody else sees of it."""

    @property
    def uow(self) -> UnitOfWork: ...

    async def events(self) -> list[DomainEvent]: ...

    async def signups(self) -> dict[date, int]: ...

    async def last_seen(self, user_id: UUID) -> datetime | None: ...


class KeptByFake:
    def __init__(self) -> None:
        self.uow = FakeUnitOfWork()

    async def events(self) -> list[DomainEvent]:
        return self.uow.events

    async def signups(self) -> dict[date, int]:
        return self.uow.signups.committed

    async def last_seen(self, user_id: UUID) -> datetime | None:
        return self.uow.last_seen.committed.get(user_id)


@dataclass
class KeptInSql:
    database: Database

    def __post_init__(self) -> None:
        self._codec = EventCodec(EVENTS, UPCASTERS, "test")
        self._outbox = Outbox(self.database, self._codec)
        self.uow = SqlUnitOfWork(self.database, self._outbox)

    async def events(self) -> list[DomainEvent]:
        return [self._codec.decode(event) for _, event in await self._outbox.unpublished(100, 10**6)]

    async def signups(self) -> dict[date, int]:
        return {day.day: day.count for day in await SqlSignupReader(self.database).daily(100)}

    async def last_seen(self, user_id: UUID) -> datetime | None:
        user = await SqlUserReader(self.database).by_id(user_id)
        return user.last_seen_at if user else None


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, new_database: NewDatabase) -> Iterator[str | None]:
    if request.param == "fake":
        yield None
        return
    with new_database(request.param) as url:
        yield url


@pytest.fixture
async def kept(url: str | None) -> AsyncIterator[Kept]:
    if url is None:
        yield KeptByFake()
        return
    async with open_database(Settings(database_url=url), "test", HISTORY) as database:
        yield KeptInSql(database)


def user(user_id: UUID, email: str = "ada@example.com") -> User:
    return User.register(channel="api", user_id=user_id, email=Email(email), password_hash="x", now=NOON)


async def commit(kept: Kept, *users: User) -> list[DomainEvent]:
    """The events that went out."""
    before = len(await kept.events())
    async with kept.uow as uow:
        for one in users:
            await uow.users.add(one)
        await uow.commit()
    return (await kept.events())[before:]


async def state(kept: Kept, user_id: UUID) -> dict[str, object]:
    """Each field of the user, as the next transaction finds it."""
    async with kept.uow as uow:
        found = await uow.users.by_id(user_id)
    return {field.name: getattr(found, field.name) for field in fields(User) if field.init}


async def test_each_field_of_what_is_committed_comes_back_and_its_event_goes_out(kept: Kept) -> None:
    ada = user(ADA)
    expected = ada._events.copy()
    assert await commit(kept, ada) == expected
    assert await state(kept, ADA) == {
        "id": ADA,
        "email": Email("ada@example.com"),
        "password_hash": "x",
        "registered_at": NOON,
    }


async def test_what_is_not_committed_is_rolled_back(kept: Kept) -> None:
    async with kept.uow as uow:
        await uow.users.add(user(ADA))
        await uow.signups.add_one(NOON.date())
        await uow.last_seen.note(ADA, NOON)
    await assert_nothing_is_kept(kept)


async def test_what_fails_before_its_commit_is_rolled_back(kept: Kept) -> None:
    async def fail() -> None:
        async with kept.uow as uow:
            await uow.users.add(user(ADA))
            await uow.signups.add_one(NOON.date())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await assert_nothing_is_kept(kept)


async def assert_nothing_is_kept(kept: Kept) -> None:
    assert (await kept.events(), await kept.signups(), await kept.last_seen(ADA)) == ([], {}, None)
    async with kept.uow as uow:
        assert await uow.users.by_email(Email("ada@example.com")) is None


async def test_what_is_changed_between_add_and_commit_is_stored_and_its_events_go_out(kept: Kept) -> None:
    ada = user(ADA)
    async with kept.uow as uow:
        await uow.users.add(ada)
        ada.password_hash = "changed"
        ada.sign_in(LATER)
        await uow.commit()
    assert (await state(kept, ADA))["password_hash"] == "changed"
    assert [event.name for event in await kept.events()] == ["user.registered", "user.signed-in"]


async def test_what_is_changed_on_a_fetched_user_is_stored_and_its_events_go_out(kept: Kept) -> None:
    await commit(kept, user(ADA))
    async with kept.uow as uow:
        ada = await uow.users.by_id(ADA)
        ada.email = Email("new@example.com")
        ada.sign_in(LATER)
        await uow.commit()
    assert (await state(kept, ADA))["email"] == Email("new@example.com")
    assert (await kept.events())[1:] == [UserSignedIn(user_id=ADA, occurred_at=LATER)]


async def test_what_is_changed_on_a_fetched_user_and_not_committed_is_forgotten(kept: Kept) -> None:
    await commit(kept, user(ADA))
    async with kept.uow as uow:
        ada = await uow.users.by_id(ADA)
        ada.password_hash = "changed"
        ada.sign_in(LATER)
    assert await commit(kept) == []
    assert (await state(kept, ADA))["password_hash"] == "x"


async def test_what_is_changed_after_the_commit_is_not_stored(kept: Kept) -> None:
    ada = user(ADA)
    await commit(kept, ada)
    ada.password_hash = "changed"
    assert await commit(kept) == []
    assert (await state(kept, ADA))["password_hash"] == "x"


async def test_an_event_goes_out_once_however_often_its_transaction_commits(kept: Kept) -> None:
    async with kept.uow as uow:
        await uow.users.add(user(ADA))
        await uow.commit()
        await uow.commit()
    assert [event.name for event in await kept.events()] == ["user.registered"]


async def test_a_user_that_is_found_twice_is_one_object(kept: Kept) -> None:
    await commit(kept, user(ADA))
    bob = user(BOB, "bob@example.com")
    async with kept.uow as uow:
        ada = await uow.users.by_id(ADA)
        assert await uow.users.by_email(ada.email) is ada
        await uow.users.add(bob)
        assert await uow.users.by_id(BOB) is bob


async def test_nobody_is_found_where_nobody_is(kept: Kept) -> None:
    async with kept.uow as uow:
        assert await uow.users.by_email(Email("ada@example.com")) is None
        with pytest.raises(UserNotFoundError):
            await uow.users.by_id(ADA)


async def test_an_email_that_is_taken_is_refused_when_a_user_is_added(kept: Kept) -> None:
    await commit(kept, user(ADA))
    with pytest.raises(EmailTakenError):
        async with kept.uow as uow:
            await uow.users.add(user(BOB))
    assert len(await kept.events()) == 1


async def test_an_email_that_is_taken_is_refused_at_the_commit_and_nothing_is_stored(kept: Kept) -> None:
    await commit(kept, user(ADA), user(BOB, "bob@example.com"))
    async with kept.uow as uow:
        await uow.signups.add_one(NOON.date())
        bob = await uow.users.by_id(BOB)
        bob.email = Email("ada@example.com")
        bob.sign_in(LATER)
        with pytest.raises(EmailTakenError):
            await uow.commit()
    assert (await state(kept, BOB))["email"] == Email("bob@example.com")
    assert (len(await kept.events()), await kept.signups()) == (2, {})


async def test_an_id_that_is_in_use_is_refused(kept: Kept) -> None:
    await commit(kept, user(ADA))
    with pytest.raises((IntegrityError, ValueError)):
        async with kept.uow as uow:
            await uow.users.add(user(ADA, "new@example.com"))
    assert (await state(kept, ADA))["email"] == Email("ada@example.com")


async def test_after_a_refusal_the_rest_cannot_be_committed(kept: Kept) -> None:
    await commit(kept, user(ADA))
    async with kept.uow as uow:
        await uow.signups.add_one(NOON.date())
        with pytest.raises(EmailTakenError):
            await uow.users.add(user(BOB))
        with pytest.raises((EmailTakenError, PendingRollbackError)):
            await uow.commit()
    assert (len(await kept.events()), await kept.signups()) == (1, {})


async def test_it_cannot_be_entered_while_it_is_open(kept: Kept) -> None:
    async with kept.uow as uow:
        await uow.users.add(user(ADA))
        with pytest.raises(RuntimeError, match="open already"):
            await kept.uow.__aenter__()
        await uow.commit()
    assert (await state(kept, ADA))["id"] == ADA


async def test_signups_are_counted_by_day(kept: Kept) -> None:
    tomorrow = NOON.date() + timedelta(days=1)
    for day in (NOON.date(), tomorrow, NOON.date()):
        async with kept.uow as uow:
            await uow.signups.add_one(day)
            await uow.commit()
    assert await kept.signups() == {NOON.date(): 2, tomorrow: 1}


async def test_last_seen_is_the_latest_moment_and_of_users_that_there_are(kept: Kept) -> None:
    async with kept.uow as uow:
        await uow.users.add(user(ADA))
        for moment in (LATER, NOON):
            await uow.last_seen.note(ADA, moment)
        await uow.last_seen.note(BOB, NOON)
        await uow.commit()
    assert (await kept.last_seen(ADA), await kept.last_seen(BOB)) == (LATER, None)


async def test_what_was_rolled_back_cannot_be_committed_afterwards(kept: Kept) -> None:
    async with kept.uow as uow:
        await uow.users.add(user(ADA))
    with pytest.raises(RuntimeError, match="not open"):
        await uow.commit()
    await assert_nothing_is_kept(kept)
