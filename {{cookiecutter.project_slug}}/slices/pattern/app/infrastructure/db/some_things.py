"""Some things in SQL: the repository for writing, the reader for showing."""

from uuid import UUID

from sqlalchemy import select

from app.application.some_thing.dto import SomeThingView
from app.chassis.sql.database import Database
from app.chassis.sql.engine import read_only
from app.chassis.sql.repository import As, SqlRepository
from app.domain.some_thing.entities import SomeThing
from app.domain.some_thing.errors import SomeThingNotFoundError
from app.domain.some_thing.value_objects import Title
from app.infrastructure.db.tables import SomeThingRow


class SqlSomeThingRepository(SqlRepository[SomeThing]):
    aggregate = SomeThing
    row = SomeThingRow
    columns = {"title": As(Title)}  # noqa: RUF012 - the base class says it is of the class

    async def by_id(self, some_thing_id: UUID) -> SomeThing:
        found = await self._find(SomeThingRow.id == some_thing_id)
        if found is None:
            raise SomeThingNotFoundError
        return found


class SqlSomeThingReader:
    def __init__(self, database: Database) -> None:
        self._engine = read_only(database.engine)

    async def by_id(self, some_thing_id: UUID) -> SomeThingView | None:
        query = select(SomeThingRow.id, SomeThingRow.title, SomeThingRow.created_at, SomeThingRow.confirmed_at)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query.where(SomeThingRow.id == some_thing_id))).first()
        return None if row is None else SomeThingView(*row)
