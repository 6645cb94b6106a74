"""The use cases of some things: one class each, called by every door."""

from uuid import UUID

from app.application.ports import Clock, IdGenerator, UnitOfWork
from app.application.some_thing.commands import CreateSomeThingCommand
from app.application.some_thing.dto import SomeThingView
from app.application.some_thing.ports import SomeThingReader
from app.application.some_thing.queries import GetSomeThingQuery
from app.domain.some_thing.entities import SomeThing
from app.domain.some_thing.errors import SomeThingNotFoundError
from app.domain.some_thing.value_objects import Title


class CreateSomeThingHandler:
    def __init__(self, uow: UnitOfWork, ids: IdGenerator, clock: Clock) -> None:
        self._uow = uow
        self._ids = ids
        self._clock = clock

    async def __call__(self, command: CreateSomeThingCommand) -> UUID:
        """Return the new one's id. Raise `InvalidTitleError`."""
        title = Title(command.title)
        async with self._uow as uow:
            created = SomeThing.create(some_thing_id=self._ids.new_id(), title=title, now=self._clock.now())
            await uow.some_things.add(created)
            await uow.commit()
        return created.id


class GetSomeThingHandler:
    def __init__(self, reader: SomeThingReader) -> None:
        self._reader = reader

    async def __call__(self, query: GetSomeThingQuery) -> SomeThingView:
        """Raise `SomeThingNotFoundError` if there is none with this id."""
        view = await self._reader.by_id(query.some_thing_id)
        if view is None:
            raise SomeThingNotFoundError
        return view
