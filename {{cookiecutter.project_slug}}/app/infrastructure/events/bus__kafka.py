"""The event bus on Kafka: one topic for the service, one consumer group for its workers."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from app.core.events import Event, EventBus, Receive
from app.infrastructure.events.broker import await_topic, complain, ensure_topic, knock
from app.infrastructure.events.message import to_event, to_foreign_event
from app.infrastructure.events.producer import OrderedProducer
from app.infrastructure.events.settings import EventBusSettings, connection_options
from app.infrastructure.events.source import Source

__all__ = ["EventBusSettings", "KafkaEventBus", "open_event_bus"]


class KafkaEventBus:
    """Events of one subject are in one partition, so they keep their order over all types."""

    def __init__(self, settings: EventBusSettings, service: str) -> None:
        self._settings = settings
        self._service = service
        self._topic = settings.event_bus_topic or f"{service}.events"
        self._options = connection_options(settings.event_bus_url.get_secret_value()) | {"client_id": service}
        self._producer = OrderedProducer(
            self._options, self._topic, settings.event_bus_partitions, idempotent=settings.event_bus_idempotent
        )
        self._sources: list[Source] = []

    def subscribe(self, receive: Receive) -> None:
        prepare = partial(ensure_topic, self._options, self._topic, self._settings.event_bus_partitions)
        self._sources.append(
            Source(self._topic, self._service, self._options, self._settings, prepare, to_event, receive)
        )

    def listen(self, topic: str, receive: Receive) -> None:
        """In a consumer group of its own, so that trouble with another service's topic never holds up ours."""
        group, prepare = f"{self._service}.{topic}", partial(await_topic, self._options, topic)
        self._sources.append(Source(topic, group, self._options, self._settings, prepare, to_foreign_event, receive))

    async def publish(self, event: Event) -> None:
        await self.publish_many([event])

    async def publish_many(self, events: Sequence[Event]) -> None:
        try:
            await self._producer.publish(events)
        except Exception as error:
            complain("cannot publish to", self._topic, error)
            raise

    async def run(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as consuming:
            for source in self._sources:
                consuming.create_task(source.consume(stop))

    async def ping(self) -> None:
        await knock(self._options)

    async def close(self) -> None:
        await self._producer.close()


@asynccontextmanager
async def open_event_bus(settings: EventBusSettings, service: str) -> AsyncIterator[EventBus]:
    """The bus of this process. Connects when it is used first, so it opens without a broker."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it logs each attempt, and texts that may hold secrets
    bus = KafkaEventBus(settings, service)
    try:
        yield bus
    finally:
        await bus.close()
