"""Some things in SQL: the repository for writing, the reader for showing."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.application.some_thing.dto import SomeThingView
from app.core.aggregate import AggregateRoot
from app.domain.some_thing.entities import SomeThing
from app.domain.some_thing.repositories import SomeThingNotFoundError
from app.domain.some_thing.value_objects import Title
from app.infrastructure.db.engine import read_only
from app.infrastructure.db.models import SomeThingRow


class SqlSomeThingRepository:
    """`track` tells the unit of work which aggregates to ask for events."""

    def __init__(self, session: AsyncSession, track: Callable[[AggregateRoot], None]) -> None:
        self._session = session
        self._track = track
        self._fetched: dict[UUID, tuple[SomeThing, SomeThingRow]] = {}

    async def by_id(self, some_thing_id: UUID) -> SomeThing:
        row = await self._session.scalar(select(SomeThingRow).where(SomeThingRow.id == some_thing_id).with_for_update())
        if row is None:
            raise SomeThingNotFoundError
        if row.id not in self._fetched:  # fetched twice is one object, or one change would undo the other
            fetched = SomeThing(
                id=row.id, title=Title(row.title), created_at=row.created_at, confirmed_at=row.confirmed_at
            )
            self._fetched[row.id] = (fetched, row)
            self._track(fetched)
        return self._fetched[row.id][0]

    async def add(self, some_thing: SomeThing) -> None:
        self._session.add(
            SomeThingRow(
                id=some_thing.id,
                title=some_thing.title.value,
                created_at=some_thing.created_at,
                confirmed_at=some_thing.confirmed_at,
            )
        )
        await self._session.flush()
        self._track(some_thing)

    async def write_back(self) -> None:
        """Store what was changed on those that were fetched."""
        for fetched, row in self._fetched.values():
            row.title, row.confirmed_at = fetched.title.value, fetched.confirmed_at
        await self._session.flush()


class SqlSomeThingReader:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = read_only(engine)

    async def by_id(self, some_thing_id: UUID) -> SomeThingView | None:
        query = select(SomeThingRow.id, SomeThingRow.title, SomeThingRow.created_at, SomeThingRow.confirmed_at)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query.where(SomeThingRow.id == some_thing_id))).first()
        return None if row is None else SomeThingView(*row)
