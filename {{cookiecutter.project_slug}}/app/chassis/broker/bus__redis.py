"""The event bus on Redis Streams (Redis 7 or later, or Valkey; standalone).

Redis has to keep what it acknowledged: `appendonly yes`, `appendfsync always`, `maxmemory-policy noeviction`.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from redis.asyncio import Redis

from app.chassis.broker.advice import explained
from app.chassis.broker.batches import in_batches
from app.chassis.broker.errors import TopicRefusedError
from app.chassis.broker.settings import EventBusSettings, open_redis
from app.chassis.broker.stream import BYTES, Stream, to_fields, weight
from app.chassis.broker.topics import end_if_cancelled, patiently, side_by_side
from app.core.events import Event, EventBus, Store

__all__ = ["EventBusSettings", "RedisEventBus", "open_event_bus"]

logger = logging.getLogger(__name__)

TRIM_INTERVAL = 10.0  # seconds
CHECK_TIMEOUT = 4.0  # seconds


class RedisEventBus:
    """One stream carries all events of a topic, so each service stores them in the order of their publication."""

    in_process = False
    one_fetcher = True

    def __init__(self, redis: Redis, settings: EventBusSettings, service: str) -> None:
        self._redis = redis
        self._service = service
        self._topic = settings.event_bus_topic or f"{service}.events"
        self._retention = settings.event_bus_retention

    async def publish_many(self, events: Sequence[Event]) -> None:
        """In transactions, one after the other: no event is added after one that could not be."""
        with explained(f"cannot publish to topic {self._topic}"):
            for batch in in_batches(map(to_fields, events), weight, BYTES):
                async with self._redis.pipeline(transaction=True) as pipeline:
                    for fields in batch:
                        pipeline.xadd(self._topic, fields)
                    await pipeline.execute()

    async def fetch(self, store: Store, topics: Sequence[str] = ()) -> None:
        own = Stream(self._redis, self._topic, self._service, foreign=False)
        others = [Stream(self._redis, topic, f"{self._service}.{topic}", foreign=True) for topic in topics]
        await side_by_side(
            self._fetch(own, store), *(patiently(partial(self._fetch, other, store)) for other in others)
        )

    async def check(self) -> None:
        """Trims nothing, but counts as a write: Redis refuses it without the right, on a replica or on a full disk."""
        with explained(f"cannot use topic {self._topic}"):
            async with asyncio.timeout(CHECK_TIMEOUT):
                await self._redis.xtrim(self._topic, minid="0")

    async def _fetch(self, stream: Stream, store: Store) -> None:
        doing = f"cannot fetch from topic {stream.topic}"
        with explained(doing):
            position = await stream.bookmark()
        next_trim = 0.0
        while True:
            end_if_cancelled()
            if not stream.foreign and time.monotonic() >= next_trim:
                await self._trim(stream)
                next_trim = time.monotonic() + TRIM_INTERVAL
            with explained(doing):
                entries = await stream.read(position)
            for batch in in_batches(entries, lambda entry: weight(entry[1]), BYTES):
                await store(stream.events(batch))
                position = batch[-1][0]
                with explained(doing):
                    await stream.acknowledge(position)

    async def _trim(self, stream: Stream) -> None:
        try:
            with explained(f"cannot remove old events from topic {stream.topic}"):
                await stream.trim(self._retention)
        except TopicRefusedError as error:  # no reason to stop fetching
            logger.warning("%s", error)


@asynccontextmanager
async def open_event_bus(settings: EventBusSettings, service: str) -> AsyncIterator[EventBus]:
    """The bus of `service`. Connects when it is used: the service starts even if Redis is down."""
    async with open_redis(settings.event_bus_url.get_secret_value()) as redis:
        yield RedisEventBus(redis, settings, service)
