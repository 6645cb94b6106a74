"""What the contract suite needs of a bus in order to try it. Each bus has a subclass in its conftest."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from app.core.events import Event, EventBus
from app.infrastructure.events.bus import EventBusSettings, open_event_bus

SERVICE = "service"
PATIENCE = 20.0  # seconds within which whatever should happen has happened, on a slow machine too


class Consumer(Protocol):
    """What a worker does with what it is given. `stop` is told when the worker has to stop."""

    async def receive(self, event: Event, /) -> None: ...

    def stop(self) -> None: ...


class Harness:
    """One topic, fresh for one test, on a real broker.

    `lease`: seconds after which a worker that fell silent is taken for dead.
    """

    def __init__(self, settings: EventBusSettings, *, topic: str = "", lease: float = 0.0) -> None:
        self.settings = settings
        self.topic = topic
        self.lease = lease

    def open_bus(self, service: str = SERVICE) -> AbstractAsyncContextManager[EventBus]:
        """The adapter under test, on this topic. `service` is its consumer group."""
        return open_event_bus(self.settings, service)

    async def publish(self, *events: Event) -> None:
        """As another process would: return once the events are safe."""
        async with self.open_bus() as bus:
            await bus.publish_many(events)

    async def publish_as_stranger(self, body: bytes) -> None:
        """Put a message onto the topic that no adapter of ours would write."""
        raise NotImplementedError

    async def publish_elsewhere(
        self, topic: str, body: bytes, attributes: Mapping[str, str] | None = None, key: str = ""
    ) -> None:
        """Put a message onto a topic of another service, as that service might. Not every broker has keys."""
        raise NotImplementedError

    async def run(self, bus: EventBus, stop: asyncio.Event) -> None:
        """Deliver until `stop`."""
        await bus.run(stop)

    @asynccontextmanager
    async def working(
        self, consumer: Consumer, service: str = SERVICE, *, elsewhere: Consumer | None = None, topic: str = ""
    ) -> AsyncIterator[asyncio.Task[None]]:
        """A worker in this process. At the end it is asked to stop, and has to, in time and without an error.

        `elsewhere` is given what other services put onto `topic`.
        A test that cancels the task cuts the worker off, as the end of the grace period does.
        """
        async with self.open_bus(service) as bus:
            bus.subscribe(consumer.receive)
            if elsewhere:
                bus.listen(topic, elsewhere.receive)
            stop = asyncio.Event()
            running = asyncio.create_task(self.run(bus, stop))
            try:
                yield running
            finally:
                stop.set()
                consumer.stop()
                await asyncio.wait([running], timeout=PATIENCE)
                assert running.done(), "the worker does not stop"
                if not running.cancelled():
                    running.result()


class Broker(Protocol):
    """A broker that belongs to one test. Restarted, it has the same address."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Outage:
    """A topic on a broker that the test may stop and start."""

    def __init__(self, harness: Harness, broker: Broker) -> None:
        self.harness = harness
        self.broker = broker
