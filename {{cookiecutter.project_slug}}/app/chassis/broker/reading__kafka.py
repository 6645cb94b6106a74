"""One topic in Kafka, as one process of a service reads it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError
from aiokafka.structs import ConsumerRecord

from app.chassis.broker.advice import explained
from app.chassis.broker.batches import in_batches
from app.chassis.broker.cluster import topic_exists
from app.chassis.broker.settings import REQUEST_TIMEOUT

ROWS = 500  # the most records of one batch
PARTITION_BYTES, BYTES = 1_000_000, 8_000_000  # asked for at once, of a partition and of a broker
POLL = 3.0  # seconds
JOIN, COMMIT, LEAVE = 60.0, 5.0, 2.0  # seconds; aiokafka itself would wait for the group without limit

Record: TypeAlias = "ConsumerRecord[bytes, bytes]"

goodbyes: set[asyncio.Task[None]] = set()  # keeps a reference: asyncio may drop a task that nobody references


class Reading:
    """The consumer group deals out the partitions and remembers, for each, up to where its records are stored.

    A process that loses a partition may still store its batch; the new owner stores the same events again, which
    changes nothing.
    """

    def __init__(self, consumer: AIOKafkaConsumer, options: dict[str, Any], topic: str) -> None:
        self._consumer = consumer
        self._options = options
        self._topic = topic
        self._doing = f"cannot fetch from topic {topic}"

    async def batches(self) -> list[list[Record]]:
        """New records, each batch of one partition. None if none comes for some seconds.

        Raise if that is because Kafka is away: aiokafka would try again without a word, and for ever.
        """
        found: dict[TopicPartition, list[Record]] = {}
        with explained(self._doing):
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL + 1.0):  # during a rebalance, aiokafka waits longer than it was told
                    found = await self._consumer.getmany(timeout_ms=int(1000 * POLL))
            if not found:
                await topic_exists(self._options, self._topic)
        return [batch for records in found.values() for batch in in_batches(records, _size, BYTES)]

    async def acknowledge(self, record: Record) -> None:
        """Everything up to this record is stored. If the partition has moved to another process, this is ignored."""
        with explained(self._doing), suppress(CommitFailedError, IllegalStateError):
            async with asyncio.timeout(COMMIT):
                await self._consumer.commit({TopicPartition(record.topic, record.partition): record.offset + 1})


@asynccontextmanager
async def reading(options: dict[str, Any], topic: str, group: str, session: float) -> AsyncIterator[Reading]:
    """A member of the consumer group, as long as the context lasts."""
    consumer = AIOKafkaConsumer(
        topic,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        session_timeout_ms=int(1000 * session),
        heartbeat_interval_ms=int(1000 * session / 4),
        max_poll_records=ROWS,
        max_partition_fetch_bytes=PARTITION_BYTES,
        fetch_max_bytes=BYTES,
        fetch_max_wait_ms=100,  # a partition that was busy being stored waits for the fetch of the others
        metadata_max_age_ms=30_000,
        **(options | {"request_timeout_ms": int(1000 * (session + REQUEST_TIMEOUT))}),  # a join waits for all members
    )
    try:
        with explained(f"cannot fetch from topic {topic}"):
            async with asyncio.timeout(JOIN):
                await consumer.start()
        yield Reading(consumer, options, topic)
    finally:
        await _leave(consumer)


def _size(record: Record) -> int:
    return len(record.value or b"")


async def _leave(consumer: AIOKafkaConsumer) -> None:
    """Tell the group that we leave; if it answers late, finish in the background."""
    goodbye = asyncio.create_task(consumer.stop())
    goodbyes.add(goodbye)
    goodbye.add_done_callback(_forget)
    await asyncio.wait([goodbye], timeout=LEAVE)


def _forget(goodbye: asyncio.Task[None]) -> None:
    goodbyes.discard(goodbye)
    if not goodbye.cancelled():
        goodbye.exception()  # the error does not matter: the session times out anyway
