"""The event bus inside one process."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from pydantic import BaseModel

from app.core.events import Event, EventBus, Store


class EventBusSettings(BaseModel):
    """Nothing to set: there is no broker."""


class MemoryEventBus:
    """Publishing is storing. So nothing is ever on its way: an event is in the outbox until it is in the inbox."""

    in_process = True
    one_fetcher = False

    def __init__(self) -> None:
        self._stores: list[Store] = []
        self._fetching = asyncio.Event()

    async def publish_many(self, events: Sequence[Event]) -> None:
        """Wait until somebody fetches. Raises what `store` raises."""
        await self._fetching.wait()
        await self._stores[-1](events)

    async def fetch(self, store: Store, topics: Sequence[str] = ()) -> None:
        """`topics` have no effect: no other service can reach into this process."""
        self._stores.append(store)
        self._fetching.set()
        try:
            await asyncio.Event().wait()
        finally:
            self._stores.remove(store)
            if not self._stores:
                self._fetching.clear()

    async def check(self) -> None:
        """There is no broker, so this never fails."""


@asynccontextmanager
async def open_event_bus(settings: EventBusSettings, service: str) -> AsyncIterator[EventBus]:
    """The bus of this process. `service` names it to a broker; here there is none."""
    yield MemoryEventBus()
