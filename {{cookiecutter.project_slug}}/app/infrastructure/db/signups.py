"""Daily signup counts in SQL."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.application.user.dto import DailySignups
from app.chassis.sql.database import Database
from app.chassis.sql.engine import read_only
from app.chassis.sql.upsert import insert
from app.infrastructure.db.tables import DailySignupsRow


class SqlSignupCounter:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add_one(self, day: date) -> None:
        statement = insert(self._session, DailySignupsRow).values(day=day, count=1)
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["day"], set_={"count": DailySignupsRow.count + 1})
        )


class SqlSignupReader:
    def __init__(self, database: Database) -> None:
        self._engine = read_only(database.engine)

    async def daily(self, limit: int) -> list[DailySignups]:
        query = select(DailySignupsRow.day, DailySignupsRow.count).order_by(DailySignupsRow.day.desc()).limit(limit)
        async with self._engine.connect() as connection:
            return [DailySignups(*row) for row in await connection.execute(query)]
