"""A bus in the memory of the test process: a list that can be read again from any place."""

import asyncio
from collections.abc import Sequence

from app.chassis.inbox.store import Inbox
from app.core.events import Event, Store


class LocalBus:
    """Several processes of a test may share its `topic`. `away` makes it fail."""

    in_process = False
    one_fetcher = True

    def __init__(self, topic: list[Event] | None = None) -> None:
        self.topic = [] if topic is None else topic
        self.batches: list[int] = []
        self.away = False
        self.acknowledged = 0

    async def publish_many(self, events: Sequence[Event]) -> None:
        await self.check()
        self.batches.append(len(events))
        self.topic.extend(events)

    async def fetch(self, store: Store, topics: Sequence[str] = ()) -> None:
        while True:
            await self.check()
            batch = self.topic[self.acknowledged : self.acknowledged + 100]
            if batch:
                await store(batch)
                self.acknowledged += len(batch)
            await asyncio.sleep(0.005)

    async def check(self) -> None:
        if self.away:
            raise ConnectionError("the bus is away")


class InboxBus(LocalBus):
    """Publishing is storing, as on the memory bus, but into the database: whichever process handles it."""

    one_fetcher = False

    def __init__(self, inbox: Inbox) -> None:
        super().__init__()
        self._inbox = inbox

    async def publish_many(self, events: Sequence[Event]) -> None:
        await self._inbox.store(events)

    async def fetch(self, store: Store, topics: Sequence[str] = ()) -> None:
        await asyncio.Event().wait()
