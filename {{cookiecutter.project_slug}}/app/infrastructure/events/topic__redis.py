"""Where a topic lies in Redis."""

import logging
from dataclasses import dataclass
from zlib import crc32

from redis.asyncio import Redis

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Topic:
    """The names of its keys. Braces, because a cluster keeps keys with the same text in braces together."""

    name: str
    partitions: int

    def partition_of(self, subject: str) -> int:
        return crc32(subject.encode()) % self.partitions

    def stream(self, partition: int) -> str:
        return f"{{{self.name}}}:{partition}"

    def owner(self, partition: int, group: str) -> str:
        """Names the worker that owns the partition, for as long as its lease lasts."""
        return f"{self.stream(partition)}:owner:{group}"

    def deliveries(self, partition: int, group: str) -> str:
        """Counts the deliveries of the next event that ended without an answer."""
        return f"{self.stream(partition)}:deliveries:{group}"

    def workers(self, group: str) -> str:
        """When each worker was last heard of, in ms of Redis' clock."""
        return f"{{{self.name}}}:workers:{group}"


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
