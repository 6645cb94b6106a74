"""The event bus on Redis Streams (Redis 6.2 or later).

A topic is a fixed number of streams, its partitions, and a subject always goes to the same one. The workers of
a service share the partitions; each partition has one owner at a time, and that keeps the events of a subject
in order. (The consumers of a group on one stream would each take the next entry, and overtake one another.)

Redis has to keep what it acknowledged: `appendonly yes`, `appendfsync always`, `maxmemory-policy noeviction`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, SecretStr, field_validator
from redis.asyncio import Connection, ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ReadOnlyError, RedisError

from app.core.events import Event, EventBus, Receive
from app.infrastructure.events.consumer import PartitionConsumer
from app.infrastructure.events.membership import Membership
from app.infrastructure.events.partition import Partition, to_fields
from app.infrastructure.events.topic import OpenTopic, Topic, TopicOfAnotherService, open_topic
from app.infrastructure.events.worker import Worker

TIMEOUT = 5.0  # seconds for any answer of Redis; longer than a read waits for entries


class EventBusSettings(BaseModel):
    """Times are seconds.

    `event_bus_url`: rediss:// for TLS; options of redis-py after a question mark.
    `event_bus_topic`: `<service>.events` if not given. Services that share events share a topic.
    `event_bus_partitions`: how many events are handled at once, over all workers. Fixed once the topic exists.
    `event_bus_lease`: a worker that is not heard of for so long is taken for dead. Code that blocks the event
    loop longer than that makes it so, and its event is handled twice.
    `event_bus_retention`: how long events are kept that all services handled, for a service that comes later.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    event_bus_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    event_bus_topic: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]+$")
    event_bus_partitions: int = Field(default=8, ge=1, le=64)  # a worker has a connection for each
    event_bus_lease: float = Field(default=30.0, ge=1.0)
    event_bus_retention: NonNegativeFloat = 3600.0

    @field_validator("event_bus_url")
    @classmethod
    def _known_redis(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        try:
            make_connection: Callable[[], Connection] = ConnectionPool.from_url(url).make_connection
            make_connection()  # connects to nothing yet, but refuses options that it does not know
        except (ValueError, TypeError, RedisError):
            url = ""
        if not url.startswith(("redis://", "rediss://")):
            raise ValueError("must be redis://host:port/0 or rediss://host:port/0, with user:password@ as needed")
        return value


class RedisEventBus:
    """`service` names the consumer group: its workers share the events, each service gets all of them."""

    def __init__(self, redis: Redis, settings: EventBusSettings, service: str) -> None:
        self._redis = redis
        self._settings = settings
        self._service = service
        self._topic: Topic | None = None
        self._sources: list[tuple[str, OpenTopic, Receive]] = []

    def subscribe(self, receive: Receive) -> None:
        self._sources.append((self._service, self._open_topic, receive))

    def listen(self, topic: str, receive: Receive) -> None:
        """In a group of its own, so that it takes nothing away from ours even if the topic is the same."""
        group = f"{self._service}.{topic}"
        self._sources.append((group, TopicOfAnotherService(self._redis, topic).open, receive))

    async def publish(self, event: Event) -> None:
        await self.publish_many([event])

    async def publish_many(self, events: Sequence[Event]) -> None:
        """In one transaction: if one cannot be added, none is, and none overtakes another when tried again."""
        topic = await self._open_topic()
        async with self._redis.pipeline(transaction=True) as pipeline:
            for event in events:
                pipeline.xadd(topic.stream(topic.partition_of(event.subject)), to_fields(event))
            await pipeline.execute()

    async def run(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as working:
            for group, open_topic, receive in self._sources:
                working.create_task(self._worker(group, open_topic, receive).run(stop))

    async def ping(self) -> None:
        await self._redis.ping()

    def _worker(self, group: str, open_topic: OpenTopic, receive: Receive) -> Worker:
        settings = self._settings
        membership = Membership(self._redis, group, settings.event_bus_lease)

        def open_consumer(topic: Topic, number: int) -> PartitionConsumer:
            retention = settings.event_bus_retention
            partition = Partition(self._redis, topic, number, group, membership.worker, retention)
            return PartitionConsumer(partition, receive)

        return Worker(membership, open_topic, open_consumer, settings.event_bus_lease)

    async def _open_topic(self) -> Topic:
        if self._topic is None:
            name = self._settings.event_bus_topic or f"{self._service}.events"
            self._topic = await open_topic(self._redis, name, self._settings.event_bus_partitions)
        return self._topic


@asynccontextmanager
async def open_event_bus(settings: EventBusSettings, service: str) -> AsyncIterator[EventBus]:
    """The bus of `service`. Connects when it is used: a Redis that is away keeps nothing from starting."""
    redis = Redis.from_url(
        settings.event_bus_url.get_secret_value(),
        protocol=2,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.1), retries=3),  # from_url() would not retry at all
        retry_on_error=[ReadOnlyError],  # a former primary: the next connection finds the new one
    )
    async with redis:
        yield RedisEventBus(redis, settings, service)
