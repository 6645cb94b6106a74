"""The event bus on Kafka: one topic for the service, one consumer group for its processes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from app.chassis.broker.advice import explained
from app.chassis.broker.cluster import ensure_topic, topic_exists
from app.chassis.broker.errors import TopicRefusedError
from app.chassis.broker.message import to_event
from app.chassis.broker.producer import OrderedProducer
from app.chassis.broker.reading import reading
from app.chassis.broker.settings import EventBusSettings, connection_options
from app.chassis.broker.topics import patiently, side_by_side
from app.core.events import Event, EventBus, Store

__all__ = ["EventBusSettings", "KafkaEventBus", "open_event_bus"]

CHECK_TIMEOUT = 4.0  # seconds


class KafkaEventBus:
    """Events of one subject are in one partition, so they keep their order over all types."""

    in_process = False
    one_fetcher = False

    def __init__(self, settings: EventBusSettings, service: str) -> None:
        self._settings = settings
        self._service = service
        self._topic = settings.event_bus_topic or f"{service}.events"
        self._options = connection_options(settings) | {"client_id": service}
        self._producer = OrderedProducer(
            self._options, self._topic, settings.event_bus_partitions, idempotent=settings.event_bus_idempotent
        )

    async def publish_many(self, events: Sequence[Event]) -> None:
        with explained(f"cannot publish to topic {self._topic}"):
            await self._producer.publish(events)

    async def fetch(self, store: Store, topics: Sequence[str] = ()) -> None:
        """Each topic has a consumer group of its own, so trouble with another service's never holds up ours."""
        others = (patiently(partial(self._fetch_foreign, topic, store)) for topic in topics)
        await side_by_side(self._fetch_own(store), *others)

    async def check(self) -> None:
        with explained(f"cannot use topic {self._topic}"):
            async with asyncio.timeout(CHECK_TIMEOUT):
                await topic_exists(self._options, self._topic)

    async def close(self) -> None:
        await self._producer.close()

    async def _fetch_own(self, store: Store) -> None:
        with explained(f"cannot fetch from topic {self._topic}"):
            await ensure_topic(self._options, self._topic, self._settings.event_bus_partitions)
        await self._fetch(self._topic, self._service, store, foreign=False)

    async def _fetch_foreign(self, topic: str, store: Store) -> None:
        with explained(f"cannot fetch from topic {topic}"):
            if not await topic_exists(self._options, topic):
                raise TopicRefusedError(f"topic {topic} of another service does not exist")
        await self._fetch(topic, f"{self._service}.{topic}", store, foreign=True)

    async def _fetch(self, topic: str, group: str, store: Store, *, foreign: bool) -> None:
        async with reading(self._options, topic, group, self._settings.event_bus_session) as member:
            while True:
                for records in await member.batches():
                    await store([to_event(record, foreign=foreign) for record in records])
                    await member.acknowledge(records[-1])


@asynccontextmanager
async def open_event_bus(settings: EventBusSettings, service: str) -> AsyncIterator[EventBus]:
    """The bus of this process. Connects when it is used first, so it opens without a broker."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it logs each attempt, and texts that may hold secrets
    bus = KafkaEventBus(settings, service)
    try:
        yield bus
    finally:
        await bus.close()
