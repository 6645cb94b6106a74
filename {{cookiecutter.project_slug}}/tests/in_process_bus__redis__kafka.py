"""An event bus for tests of everything but the bus."""

import asyncio
from collections.abc import Sequence

from app.core.events import Event, Receive


class InProcessBus:
    """Delivers while it publishes, one event after the other; `publish` returns when its receiver has."""

    def __init__(self) -> None:
        self._receive: Receive | None = None

    def subscribe(self, receive: Receive) -> None:
        self._receive = receive

    def listen(self, topic: str, receive: Receive) -> None: ...

    async def publish(self, event: Event) -> None:
        if self._receive:
            await self._receive(event)

    async def publish_many(self, events: Sequence[Event]) -> None:
        for event in events:
            await self.publish(event)

    async def run(self, stop: asyncio.Event) -> None:
        await stop.wait()

    async def ping(self) -> None: ...
