"""The database of one process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

from sqlalchemy import ColumnElement, bindparam, func, literal, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.chassis.settings import ChassisSettings
from app.chassis.sql.engine import create_direct_engine, create_engine, read_only, unreachable_is_one_line
from app.chassis.sql.revision import MACHINE, History, check_revision
from app.chassis.sql.types import UtcDateTime
from app.core.exceptions import StartupError

Sessions = async_sessionmaker[AsyncSession]

IDLE_BEYOND_TIMEOUT = 5.0  # seconds that a handler's transaction may be silent beyond the handler's own timeout


@dataclass(frozen=True)
class Database:
    """`direct` gives connections that keep locks; `engine` all others.

    `space` is the first number of this service's advisory locks and part of its NOTIFY channels, both of which belong
    to the whole database: it is made of schema and service, so that services may share a database.
    """

    engine: AsyncEngine
    direct: AsyncEngine
    sessions: Sessions
    space: int

    @property
    def is_postgresql(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    def channel(self, name: str) -> str:
        return f"{name}_{self.space & 0xFFFFFFFF:08x}"

    def now(self, plus: float = 0.0) -> ColumnElement[Any]:
        """This moment, and some seconds, by the database's clock."""
        if self.is_postgresql:
            moment: ColumnElement[Any] = func.clock_timestamp()
            return moment + literal(timedelta(seconds=plus)) if plus else moment
        return bindparam(None, datetime.now(UTC) + timedelta(seconds=plus), UtcDateTime)


@asynccontextmanager
async def open_database(settings: ChassisSettings, service: str, history: History) -> AsyncIterator[Database]:
    """Connect, check that the migrations were run, and disconnect on exit. Raise `StartupError`.

    `history` has the migrations of the business; those of the machine are checked too.
    """
    engine = create_engine(
        settings.database_url,
        pool_size=settings.database_pool_size,
        idle_in_transaction=settings.handler_timeout + IDLE_BEYOND_TIMEOUT,
    )
    direct = create_direct_engine(settings.database_direct_url or settings.database_url)
    try:
        with unreachable_is_one_line(engine):
            async with read_only(engine).connect() as connection:
                for migrations in (MACHINE, history):
                    await check_revision(connection, migrations)
                is_postgresql = engine.dialect.name == "postgresql"
                schema = await connection.scalar(select(func.current_schema())) if is_postgresql else ""
        if is_postgresql:
            await _check_direct(direct)
        space = crc32(f"{schema}/{service}".encode()) - 2**31  # PostgreSQL's keys are signed 32-bit numbers
        yield Database(engine, direct, async_sessionmaker(engine, expire_on_commit=False), space)
    finally:
        await direct.dispose()
        await engine.dispose()


async def _check_direct(direct: AsyncEngine) -> None:
    """Raise `StartupError` if the locks of this process cannot be kept there."""
    try:
        async with direct.connect() as connection:
            await connection.execute(text("SET idle_session_timeout = 10000"))
            await connection.invalidate()
    except (DBAPIError, OSError, TypeError) as error:
        raise StartupError(
            "locks cannot be kept in the database: it must be PostgreSQL 14 or later, and behind a pooler"
            " DATABASE_DIRECT_URL must lead to PostgreSQL itself"
        ) from error
