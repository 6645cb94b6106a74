"""What the some thing use cases need from outside."""

from typing import Protocol
from uuid import UUID

from app.application.some_thing.dto import SomeThingView


class SomeThingReader(Protocol):
    """Reads some things as they are shown: a view needs no aggregate."""

    async def by_id(self, some_thing_id: UUID) -> SomeThingView | None: ...
