"""Added to the unit of work."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.infrastructure.db.some_things import SqlSomeThingRepository


class SqlUnitOfWork:
    def _begin(self, session: AsyncSession) -> None:
        self.some_things = self._track(SqlSomeThingRepository(session))
