"""Where a topic lies in Redis."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from zlib import crc32

from redis.asyncio import Redis

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Topic:
    """The names of its keys. Braces, because a cluster keeps keys with the same text in braces together.

    `foreign`: it belongs to another service. `plain`: it is one stream that bears the topic's name.
    """

    name: str
    partitions: int
    foreign: bool = False
    plain: bool = False

    def partition_of(self, subject: str) -> int:
        return crc32(subject.encode()) % self.partitions

    def stream(self, partition: int) -> str:
        return self.name if self.plain else f"{{{self.name}}}:{partition}"

    def owner(self, partition: int, group: str) -> str:
        """Names the worker that owns the partition, for as long as its lease lasts."""
        return f"{{{self.name}}}:{partition}:owner:{group}"

    def workers(self, group: str) -> str:
        """When each worker was last heard of, in ms of Redis' clock."""
        return f"{{{self.name}}}:workers:{group}"


OpenTopic = Callable[[], Awaitable[Topic | None]]
"""None if there is no such topic yet."""


async def open_topic(redis: Redis, name: str, partitions: int) -> Topic:
    """The topic with as many partitions as it had when it was first opened.

    With another number, subjects would move to other partitions, and their new events overtake the old ones.
    """
    key = f"{{{name}}}:partitions"
    await redis.set(key, partitions, nx=True)
    topic = Topic(name, int(await redis.get(key) or partitions))
    if topic.partitions != partitions:
        logger.warning("the topic keeps its number of partitions", extra={"partitions": topic.partitions})
    return topic


class TopicOfAnotherService:
    """Partitions like ours, if our kind of bus made them; else any one stream of this name."""

    def __init__(self, redis: Redis, name: str) -> None:
        self._redis = redis
        self._name = name
        self._missed = False

    async def open(self) -> Topic | None:
        """None as long as it is not there; the log says so once. Asked again and again: its owner may change it."""
        topic = await self._look()
        if topic is None and not self._missed:
            logger.info("topic %s of another service is not there: waiting for it", self._name)
        self._missed = topic is None
        return topic

    async def _look(self) -> Topic | None:
        if partitions := await self._redis.get(f"{{{self._name}}}:partitions"):
            return Topic(self._name, int(partitions), foreign=True)
        return Topic(self._name, 1, foreign=True, plain=True) if await self._redis.exists(self._name) else None
