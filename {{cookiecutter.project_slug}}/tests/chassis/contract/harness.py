"""What the contract suite needs of a bus in order to try it. Each bus has a subclass in its conftest."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol
from uuid import uuid4

from app.chassis.broker.bus import EventBusSettings, open_event_bus
from app.chassis.broker.errors import EventBusError
from app.core.events import Event, EventBus
from tests.chassis.contract.support import Inbox

STOP = 5.0  # seconds within which `fetch` has to end once it is cancelled
OUTAGE = 60.0  # seconds after which an outage is over, on a slow machine too
RESTART = 0.1  # seconds until `fetch` is called again after an error


class Harness:
    """One topic and one service, fresh for one test, on a real broker."""

    def __init__(self, settings: EventBusSettings, topic: str = "") -> None:
        self.settings = settings
        self.topic = topic
        self.service = f"service-{uuid4().hex}"

    def open_bus(self, service: str = "") -> AbstractAsyncContextManager[EventBus]:
        """The adapter under test, on this topic."""
        return open_event_bus(self.settings, service or self.service)

    async def publish(self, *events: Event) -> None:
        """As another process would: return once the events are safe."""
        async with self.open_bus() as bus:
            await bus.publish_many(events)

    async def publish_somehow(self, *events: Event) -> None:
        """Over an outage."""
        async with self.open_bus() as bus:
            await publish_as_the_relay_does(bus, *events)

    async def put(self, topic: str, body: bytes, attributes: Mapping[str, str] | None = None, key: str = "") -> None:
        """Put a message onto a topic, as another service might. Not every broker has keys."""
        raise NotImplementedError

    async def exists(self, topic: str) -> bool:
        raise NotImplementedError

    @asynccontextmanager
    async def fetching(
        self, inbox: Inbox, service: str = "", topics: Sequence[str] = ()
    ) -> AsyncIterator[asyncio.Task[None]]:
        """Fetch in the background, again after each error, as the service does. At the end it has to stop in time."""
        async with self.open_bus(service) as bus:
            fetching = asyncio.create_task(keep_fetching(bus, inbox, topics))
            try:
                yield fetching
            finally:
                fetching.cancel()
                await asyncio.wait([fetching], timeout=STOP)
                assert fetching.done(), "fetch does not end when it is cancelled"


async def publish_as_the_relay_does(bus: EventBus, *events: Event) -> None:
    """Again and again until it succeeds. So events may be published twice; the inbox of a service copes."""
    async with asyncio.timeout(OUTAGE):
        while True:
            try:
                return await bus.publish_many(events)
            except EventBusError:
                await asyncio.sleep(RESTART)


async def keep_fetching(bus: EventBus, inbox: Inbox, topics: Sequence[str]) -> None:
    while True:
        try:
            await bus.fetch(inbox.store, topics)
        except Exception as error:
            inbox.errors.append(error)
        await asyncio.sleep(RESTART)


class Broker(Protocol):
    """A broker that belongs to one test. Restarted, it has the same address."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def kill(self) -> None: ...


class Outage:
    """A topic on a broker that the test may stop and start. Meanwhile the event loop goes on."""

    def __init__(self, harness: Harness, broker: Broker) -> None:
        self.harness = harness
        self._broker = broker

    async def start(self) -> None:
        await asyncio.to_thread(self._broker.start)

    async def stop(self) -> None:
        await asyncio.to_thread(self._broker.stop)

    async def kill(self) -> None:
        """As a crash would."""
        await asyncio.to_thread(self._broker.kill)
