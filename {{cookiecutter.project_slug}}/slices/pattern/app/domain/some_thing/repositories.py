"""Where some things are kept, as the domain sees it: a collection."""

from typing import Protocol
from uuid import UUID

from app.domain.some_thing.entities import SomeThing


class SomeThingRepository(Protocol):
    """All some things. What is added here is stored when the unit of work commits.

    What is fetched stays locked until then: so two who change the same one wait for each other, and
    its events are stored in the order in which they happened.
    """

    async def by_id(self, some_thing_id: UUID) -> SomeThing:
        """Raise `SomeThingNotFoundError`."""
        ...

    async def add(self, some_thing: SomeThing) -> None: ...
