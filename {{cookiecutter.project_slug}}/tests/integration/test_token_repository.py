"""What every token repository keeps: in SQL on both databases, in memory, and wherever else this service has one."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest

from app.application.ports import Clock
from app.application.token.ports import TokenRepository
from app.chassis.sql.database import open_database
from app.config import Settings
from app.infrastructure.db.tables import HISTORY, UserRow
from app.infrastructure.db.tokens import SqlTokenRepository
from tests.chassis.database import Database
from tests.conftest import NewDatabase
from tests.fakes import NOON, MemoryTokens, MovableClock
from tests.integration.token_stores import OTHER_STORES

HOUR = timedelta(hours=1)
ADA = UUID(int=7)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@asynccontextmanager
async def in_sql(url: str, clock: Clock) -> AsyncIterator[SqlTokenRepository]:
    """In a database that knows Ada."""
    async with open_database(Settings(database_url=url), "test", HISTORY) as database:
        async with database.sessions.begin() as session:
            session.add(UserRow(id=ADA, email="ada@example.com", password_hash="x", registered_at=NOON))
        yield SqlTokenRepository(database.sessions, clock)


@pytest.fixture(params=["memory", "sqlite", "postgresql", *OTHER_STORES])
def place(request: pytest.FixtureRequest, new_database: NewDatabase) -> Iterator[str]:
    """The URL of a database, or what else keeps tokens."""
    if request.param not in ("sqlite", "postgresql"):
        yield request.param
        return
    with new_database(request.param) as url:
        yield url


@pytest.fixture
async def tokens(place: str, clock: Clock) -> AsyncIterator[TokenRepository]:
    if place == "memory":
        yield MemoryTokens(clock)
        return
    async with OTHER_STORES[place](clock) if place in OTHER_STORES else in_sql(place, clock) as store:
        yield store


async def test_a_token_leads_to_its_user(tokens: TokenRepository) -> None:
    await tokens.add("a" * 64, ADA, NOON + HOUR)
    await tokens.add("b" * 64, ADA, NOON + HOUR)
    assert await tokens.user_of("a" * 64) == ADA


async def test_an_unknown_token_leads_nowhere(tokens: TokenRepository) -> None:
    assert await tokens.user_of("a" * 64) is None


async def test_a_token_expires_at_its_moment(tokens: TokenRepository, clock: MovableClock) -> None:
    await tokens.add("a" * 64, ADA, NOON + HOUR)
    clock.move(HOUR - timedelta(seconds=1))
    assert await tokens.user_of("a" * 64) == ADA
    clock.move(timedelta(seconds=1))
    assert await tokens.user_of("a" * 64) is None


async def test_a_revoked_token_leads_nowhere_and_others_go_on(tokens: TokenRepository) -> None:
    await tokens.add("a" * 64, ADA, NOON + HOUR)
    await tokens.add("b" * 64, ADA, NOON + HOUR)
    await tokens.revoke("a" * 64)
    assert await tokens.user_of("a" * 64) is None
    assert await tokens.user_of("b" * 64) == ADA


async def test_revoking_an_unknown_token_does_nothing(tokens: TokenRepository) -> None:
    await tokens.revoke("a" * 64)


async def test_expired_rows_are_purged_from_the_database(database: Database, clock: MovableClock) -> None:
    async with in_sql(database.url, clock) as repository:
        await repository.add("a" * 64, ADA, NOON + HOUR)
        clock.move(HOUR)
        await repository.add("b" * 64, ADA, NOON + 2 * HOUR)
    assert await database.rows("SELECT token_hash FROM tokens") == [("b" * 64,)]
