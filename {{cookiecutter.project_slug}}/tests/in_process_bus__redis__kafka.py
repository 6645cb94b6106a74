"""An event bus for tests of everything but the bus."""

import asyncio
from collections.abc import Sequence

from app.core.events import Event, Store


class InProcessBus:
    """Publishing is storing, as with the memory bus: no event leaves this process, so the web process handles it."""

    in_process = True
    one_fetcher = False

    def __init__(self) -> None:
        self._stores: list[Store] = []
        self._fetching = asyncio.Event()

    async def publish_many(self, events: Sequence[Event]) -> None:
        await self._fetching.wait()
        await self._stores[-1](events)

    async def fetch(self, store: Store, topics: Sequence[str] = ()) -> None:
        self._stores.append(store)
        self._fetching.set()
        try:
            await asyncio.Event().wait()
        finally:
            self._stores.remove(store)
            if not self._stores:
                self._fetching.clear()

    async def check(self) -> None: ...
