"""What every token repository keeps: in SQL on both databases, in memory, and wherever else this service has one."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from app.application.ports import Clock
from app.application.token.ports import TokenRepository
from app.domain.user.entities import User
from app.domain.user.value_objects import Email
from app.infrastructure.db.engine import create_engine, make_sessions
from app.infrastructure.db.models import UserRow
from app.infrastructure.db.tokens import SqlTokenRepository
from tests.database import Database
from tests.fakes import NOON, MemoryTokens, MovableClock
from tests.integration.token_stores import OTHER_STORES

HOUR = timedelta(hours=1)
ADA = User.register(channel="api", user_id=UUID(int=7), email=Email("ada@example.com"), password_hash="x", now=NOON)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture(params=["memory", "sql", *OTHER_STORES])
async def tokens(request: pytest.FixtureRequest, clock: Clock, database: Database) -> AsyncIterator[TokenRepository]:
    if request.param == "memory":
        yield MemoryTokens(clock)
    elif request.param == "sql":
        engine = create_engine(database.url)
        async with make_sessions(engine).begin() as session:
            session.add(UserRow(id=ADA.id, email="ada@example.com", password_hash="x", registered_at=NOON))
        yield SqlTokenRepository(make_sessions(engine), clock)
        await engine.dispose()
    else:
        async with OTHER_STORES[request.param](clock) as store:
            yield store


async def test_a_token_leads_to_its_user(tokens: TokenRepository) -> None:
    await tokens.add("a" * 64, ADA.id, NOON + HOUR)
    await tokens.add("b" * 64, ADA.id, NOON + HOUR)
    assert await tokens.user_of("a" * 64) == ADA.id


async def test_an_unknown_token_leads_nowhere(tokens: TokenRepository) -> None:
    assert await tokens.user_of("a" * 64) is None


async def test_a_token_expires_at_its_moment(tokens: TokenRepository, clock: MovableClock) -> None:
    await tokens.add("a" * 64, ADA.id, NOON + HOUR)
    clock.move(HOUR - timedelta(seconds=1))
    assert await tokens.user_of("a" * 64) == ADA.id
    clock.move(timedelta(seconds=1))
    assert await tokens.user_of("a" * 64) is None


async def test_a_revoked_token_leads_nowhere_and_others_go_on(tokens: TokenRepository) -> None:
    await tokens.add("a" * 64, ADA.id, NOON + HOUR)
    await tokens.add("b" * 64, ADA.id, NOON + HOUR)
    await tokens.revoke("a" * 64)
    assert await tokens.user_of("a" * 64) is None
    assert await tokens.user_of("b" * 64) == ADA.id


async def test_revoking_an_unknown_token_does_nothing(tokens: TokenRepository) -> None:
    await tokens.revoke("a" * 64)


async def test_expired_rows_are_purged_from_the_database(database: Database, clock: MovableClock) -> None:
    engine = create_engine(database.url)
    async with make_sessions(engine).begin() as session:
        session.add(UserRow(id=ADA.id, email="ada@example.com", password_hash="x", registered_at=NOON))
    repository = SqlTokenRepository(make_sessions(engine), clock)
    await repository.add("a" * 64, ADA.id, NOON + HOUR)
    clock.move(HOUR)
    await repository.add("b" * 64, ADA.id, NOON + 2 * HOUR)
    await engine.dispose()
    assert await database.rows("SELECT token_hash FROM tokens") == [("b" * 64,)]
