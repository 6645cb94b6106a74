"""Added to the fakes."""

from uuid import UUID

from app.domain.some_thing.entities import SomeThing
from app.domain.some_thing.errors import SomeThingNotFoundError
from tests.fake_transaction import FakeRepository


class FakeSomeThings(FakeRepository[SomeThing]):
    async def by_id(self, some_thing_id: UUID) -> SomeThing:
        found = self._find(lambda one: one.id == some_thing_id)
        if found is None:
            raise SomeThingNotFoundError
        return found


class FakeUnitOfWork:
    def __init__(self) -> None:
        self.some_things = self._track(FakeSomeThings())
