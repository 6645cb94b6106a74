"""Engines, set up for their database: SQLite or PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.core.exceptions import StartupError

READ_ONLY = "25006"  # SQLSTATE of a write on a server that only reads: a former primary after a fail-over
CONNECT_TIMEOUT = 10.0  # seconds
POOL_TIMEOUT = 10.0  # seconds to wait for a free connection


def create_engine(
    url: str, *, pool_size: int = 5, idle_in_transaction: float = 60.0, foreign_keys: bool = True
) -> AsyncEngine:
    """An engine whose errors never show parameters: they may be secrets.

    `idle_in_transaction`: seconds after which PostgreSQL ends a session that keeps its transaction open and says
    nothing, so that a frozen process does not keep row locks. `foreign_keys`: whether SQLite enforces them. Not in a
    migration, which alters a table by dropping it.
    """
    if url.startswith("sqlite"):
        engine = create_async_engine(url, hide_parameters=True, pool_size=pool_size, connect_args={"timeout": 30})
        event.listen(engine.sync_engine, "connect", partial(_set_up_sqlite, foreign_keys))
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,  # connections are kept, not opened and closed with every peak
        pool_timeout=POOL_TIMEOUT,
        pool_use_lifo=True,  # those in use stay in use, with their prepared statements
        connect_args={"timeout": CONNECT_TIMEOUT},
    )
    event.listen(engine.sync_engine, "connect", partial(_set_up_postgresql, int(1000 * idle_in_transaction)))
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    event.listen(engine.sync_engine, "handle_error", _leave_a_read_only_server)
    return engine


def create_direct_engine(url: str) -> AsyncEngine:
    """Connections that last, a new one for each caller: for locks of a session and for LISTEN."""
    return create_async_engine(
        url,
        hide_parameters=True,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": CONNECT_TIMEOUT},
    )


def read_only(engine: AsyncEngine) -> AsyncEngine:
    """The same engine for transactions that only read: on SQLite they never wait for a writer."""
    return engine.execution_options(sqlite_begin="DEFERRED")


def single_statements(engine: AsyncEngine) -> AsyncEngine:
    """The same engine, each statement a transaction of its own: on PostgreSQL one round trip instead of three."""
    return engine if engine.dialect.name == "sqlite" else engine.execution_options(isolation_level="AUTOCOMMIT")


def is_unavailable(error: BaseException) -> bool:
    """Whether the database is away, or has no free connection: the same may succeed later."""
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", "") or "")
        return error.connection_invalidated or state.startswith(("08", "57P", "53"))
    return isinstance(error, PoolTimeoutError | OSError)


@contextmanager
def unreachable_is_one_line(engine: AsyncEngine) -> Iterator[None]:
    """Turn the failure to connect into a `StartupError`."""
    try:
        yield
    except (DBAPIError, OSError, TypeError) as error:  # TypeError: an option in the URL that the driver does not know
        where = engine.url.set(query={}).render_as_string(hide_password=True)
        raise StartupError(f"cannot reach the database {where}: check DATABASE_URL and its options") from error


def _set_up_sqlite(foreign_keys: bool, connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions: _begin_sqlite does
    cursor = connection.cursor()
    # FULL: what the broker was told is stored must survive a power cut.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"foreign_keys={foreign_keys:d}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once if another wrote in between, whatever
    # the busy timeout. So writers queue at BEGIN; readers say `sqlite_begin="DEFERRED"` and never wait.
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('sqlite_begin', 'IMMEDIATE')}")


def _set_up_postgresql(milliseconds: int, connection: Any, _record: Any) -> None:
    # Not as startup parameters: PgBouncer refuses those it does not know. Compiling (jit) a short statement on a few
    # hundred rows takes a hundred times as long as running it.
    settings = f"SET idle_in_transaction_session_timeout = {milliseconds}; SET jit = off"
    connection.run_async(lambda driver: driver.execute(settings))


def _refuse_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    """Instead of a ping for each use: the driver knows that the server closed a connection, without asking it."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _leave_a_read_only_server(context: ExceptionContext) -> None:
    if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
        context.is_disconnect = True  # throws away all connections to it; new ones find the new primary
