"""A database of one test, asked and changed behind the service's back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.chassis.sql.engine import create_engine

T = TypeVar("T")


class Database:
    """Each call is a connection and a transaction of its own, as another program's would be."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        async def read(connection: AsyncConnection) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in await connection.execute(text(query))]

        return await self._connected(read)

    async def execute(self, statement: str) -> None:
        async def write(connection: AsyncConnection) -> None:
            await connection.execute(text(statement))

        await self._connected(write)

    async def is_published(self) -> bool:
        """True if the outbox has nothing left to publish."""
        return await self.rows("SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT 1") == []

    async def _connected(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        engine = create_engine(self.url)
        try:
            async with engine.begin() as connection:
                return await work(connection)
        finally:
            await engine.dispose()


def count_unpublished(url: str) -> int:
    """For tests that have no event loop."""
    [(count,)] = asyncio.run(Database(url).rows("SELECT count(*) FROM outbox WHERE published_at IS NULL"))
    return int(count)
