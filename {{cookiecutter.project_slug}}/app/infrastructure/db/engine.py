"""One engine a process, set up for its database."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from app.core.exceptions import StartupError
from app.infrastructure.db.revision import check_revision

Sessions = async_sessionmaker[AsyncSession]

# PostgreSQL notices within a minute, not two hours, that our host is gone, and gives its locks back.
KEEPALIVE = {"tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3"}


@asynccontextmanager
async def open_engine(url: str) -> AsyncIterator[AsyncEngine]:
    """Connect, check that the migrations were run, and disconnect on exit. Raise `StartupError`."""
    engine = create_engine(url)
    try:
        await _check(engine)
        yield engine
    finally:
        await engine.dispose()


def create_engine(url: str, *, foreign_keys: bool = True) -> AsyncEngine:
    """An engine whose errors never show parameters: they may be secrets.

    `foreign_keys`: whether SQLite enforces them. Not in a migration, which alters a table by dropping it.
    """
    if url.startswith("sqlite"):
        engine = create_async_engine(url, hide_parameters=True, connect_args={"timeout": 30})
        event.listen(engine.sync_engine, "connect", partial(_set_up_sqlite, foreign_keys))
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    return create_async_engine(
        url, hide_parameters=True, pool_pre_ping=True, connect_args={"server_settings": KEEPALIVE}
    )


def make_sessions(engine: AsyncEngine) -> Sessions:
    return async_sessionmaker(engine, expire_on_commit=False)


def _set_up_sqlite(foreign_keys: bool, connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions: _begin_sqlite does
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"foreign_keys={foreign_keys:d}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once if another wrote in between, whatever
    # the busy timeout. So writers queue at BEGIN; readers say `sqlite_begin="DEFERRED"` and never wait.
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('sqlite_begin', 'IMMEDIATE')}")


def read_only(engine: AsyncEngine) -> AsyncEngine:
    """The same engine for transactions that only read."""
    return engine.execution_options(sqlite_begin="DEFERRED")


@contextmanager
def unreachable_is_one_line(engine: AsyncEngine) -> Iterator[None]:
    """Turn the failure to connect into a `StartupError`."""
    try:
        yield
    except (DBAPIError, OSError, TypeError) as error:  # TypeError: an option in the URL that the driver does not know
        where = engine.url.set(query={}).render_as_string(hide_password=True)
        raise StartupError(f"cannot reach the database {where}: check DATABASE_URL and its options") from error


async def _check(engine: AsyncEngine) -> None:
    with unreachable_is_one_line(engine):
        async with read_only(engine).connect() as connection:
            await check_revision(connection)
