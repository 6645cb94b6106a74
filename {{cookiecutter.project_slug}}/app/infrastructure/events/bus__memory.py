"""The event bus inside one process."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from pydantic import BaseModel, PositiveInt

from app.core.events import Event, EventBus, Receive


class EventBusSettings(BaseModel):
    """`event_concurrency`: how many subjects are handled at once."""

    event_concurrency: PositiveInt = 10


class MemoryEventBus:
    """Delivers while it publishes: `publish` returns when the receiver has returned.

    So the relay marks an event as published only after it was handled, and whatever a crash
    interrupts is still in the outbox: durable without a broker.
    """

    def __init__(self, concurrency: int) -> None:
        self._receive: Receive | None = None
        self._slots = asyncio.Semaphore(concurrency)

    def subscribe(self, receive: Receive) -> None:
        self._receive = receive

    def listen(self, topic: str, receive: Receive) -> None:
        """In vain: no other service can reach into this process."""

    async def publish(self, event: Event) -> None:
        await self.publish_many([event])

    async def publish_many(self, events: Sequence[Event]) -> None:
        by_subject: dict[str, list[Event]] = {}
        for event in events:
            by_subject.setdefault(event.subject, []).append(event)
        results = await asyncio.gather(*map(self._deliver, by_subject.values()), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def run(self, stop: asyncio.Event) -> None:
        await stop.wait()

    async def ping(self) -> None:
        """Nothing to ask: if this runs, it is there."""

    async def _deliver(self, events: list[Event]) -> None:
        async with self._slots:
            for event in events:
                if self._receive:
                    await self._receive(event)


@asynccontextmanager
async def open_event_bus(settings: EventBusSettings, service: str) -> AsyncIterator[EventBus]:
    """The bus of this process. `service` names it to a broker; here there is none."""
    yield MemoryEventBus(settings.event_concurrency)
