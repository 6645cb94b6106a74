"""Added to the unit of work."""

from typing import Self

from app.infrastructure.db.some_thing_repository import SqlSomeThingRepository


class SqlUnitOfWork:
    async def __aenter__(self) -> Self:
        self.some_things = SqlSomeThingRepository(self._session, self._aggregates.append)
        return self

    async def commit(self) -> None:
        await self.some_things.write_back()
        stored = ...  # noqa: F841 - the place before which the new line belongs
