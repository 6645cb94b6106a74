"""Added to the ports that every slice may use."""

from typing import Protocol

from app.domain.some_thing.repositories import SomeThingRepository


class UnitOfWork(Protocol):
    @property
    def some_things(self) -> SomeThingRepository: ...

    async def commit(self) -> None: ...
