"""Sees to it that one process relays at a time: two would publish events twice and out of order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.infrastructure.db.outbox import CHANNEL, OutboxSignal

_ADVISORY_KEY = 0x6F7574626F78  # "outbox" in ASCII: any number will do that nobody else uses in this database


@asynccontextmanager
async def relay_connection(engine: AsyncEngine, signal: OutboxSignal) -> AsyncIterator[AsyncConnection | None]:
    """A connection to relay with, or None while another process holds the lock.

    `signal` is set when another process commits events, where the database can tell.

    The lock ends with the process, however it ends: the database or the operating system sees to it.
    """
    if engine.dialect.name == "sqlite":
        async with _sqlite_lock(engine) as connection:
            yield connection
        return
    async with _postgresql_lock(engine) as connection:
        if connection is not None:
            driver: Any = (await connection.get_raw_connection()).driver_connection  # asyncpg's own
            await driver.add_listener(CHANNEL, lambda *_: signal.set())
        yield connection


@asynccontextmanager
async def _postgresql_lock(engine: AsyncEngine) -> AsyncIterator[AsyncConnection | None]:
    # The lock belongs to the session that also reads and marks the rows: if that connection is lost,
    # so is the right to mark them. Behind PgBouncer this needs session pooling.
    async with engine.connect() as connection:
        async with connection.begin():
            held = await connection.scalar(select(func.pg_try_advisory_lock(_ADVISORY_KEY)))
        try:
            yield connection if held else None
        finally:
            if held:
                await connection.invalidate()  # closing the session is the one unlock that cannot fail


@asynccontextmanager
async def _sqlite_lock(engine: AsyncEngine) -> AsyncIterator[AsyncConnection | None]:
    lock = FileLock(f"{engine.url.database}.relay.lock", thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield None
        return
    try:
        async with engine.connect() as connection:
            yield await connection.execution_options(sqlite_begin="DEFERRED")
    finally:
        lock.release()
