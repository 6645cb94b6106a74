"""Added to the fakes."""

from collections.abc import Callable
from uuid import UUID

from app.core.aggregate import AggregateRoot
from app.domain.some_thing.entities import SomeThing
from app.domain.some_thing.repositories import SomeThingNotFoundError


class FakeSomeThings:
    """`track` tells the unit of work which aggregates to ask for events, as in the real repository."""

    def __init__(self, track: Callable[[AggregateRoot], None]) -> None:
        self.stored: list[SomeThing] = []
        self._track = track

    async def by_id(self, some_thing_id: UUID) -> SomeThing:
        found = next((one for one in self.stored if one.id == some_thing_id), None)
        if found is None:
            raise SomeThingNotFoundError
        self._track(found)
        return found

    async def add(self, some_thing: SomeThing) -> None:
        self.stored.append(some_thing)
        self._track(some_thing)


class FakeUnitOfWork:
    def __init__(self) -> None:
        self.some_things = FakeSomeThings(self._aggregates.append)
