"""One worker: owns its share of the partitions, and runs a consumer for each."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from app.core.retry import RetryPolicy
from app.infrastructure.events.consumer import PartitionConsumer
from app.infrastructure.events.membership import Membership
from app.infrastructure.events.topic import OpenTopic, Topic

logger = logging.getLogger(__name__)

MAX_BEAT = 1.0  # seconds between heartbeats: so soon is it noticed that a worker joined or left
BACKOFF = RetryPolicy(first_delay=0.5, max_delay=5.0)
GOODBYE = 1.0  # seconds for giving leases back; if Redis does not answer, they end by themselves


@dataclass(frozen=True, slots=True)
class Holding:
    """A partition of ours, and what consumes it."""

    consumer: PartitionConsumer
    task: asyncio.Task[None]


class Worker:
    """`lease`: seconds after which a worker that was not heard of loses its partitions.

    A topic that is not there yet is looked for at every heartbeat.
    """

    def __init__(
        self,
        membership: Membership,
        open_topic: OpenTopic,
        open_consumer: Callable[[Topic, int], PartitionConsumer],
        lease: float,
    ) -> None:
        self._membership = membership
        self._open_topic = open_topic
        self._open_consumer = open_consumer
        self._lease = lease
        self._holdings: dict[int, Holding] = {}
        self._expiry: asyncio.TimerHandle | None = None
        self._stopping = False

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`, then finish what is in hand. Outlives a Redis that is away."""
        heartbeat = asyncio.create_task(self._beat_forever())
        try:
            await stop.wait()
            self._stopping = True
            for holding in self._holdings.values():
                holding.consumer.leaving.set()
            while self._holdings:
                await asyncio.wait([holding.task for holding in self._holdings.values()])
        finally:
            tasks = [heartbeat, *(holding.task for holding in self._holdings.values())]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._say_goodbye(self._leave())

    async def _beat_forever(self) -> None:
        failures = 0
        while True:
            try:
                await self._beat()
                failures = 0
            except Exception as error:  # its text may quote what is none of the log's business
                failures += 1
                logger.warning("no heartbeat to Redis, trying again", extra={"failures": failures, **_kind(error)})
            await asyncio.sleep(BACKOFF.delay(min(failures, 10)) if failures else min(MAX_BEAT, self._lease / 3))

    async def _beat(self) -> None:
        """Renew the leases; own and consume what this worker should."""
        loop = asyncio.get_running_loop()
        sent = loop.time()
        topic = await self._open_topic()
        if topic is None:
            return
        claim = await self._membership.claim(topic, take=not self._stopping)
        if self._expiry:
            self._expiry.cancel()
        self._expiry = loop.call_at(sent + self._lease, self._drop_all)
        for partition in self._holdings.keys() - claim.kept:
            self._drop(partition)
        for partition in claim.kept | claim.taken:
            if partition not in self._holdings:
                self._start(topic, partition)
        staying = [h.consumer for h in self._holdings.values() if not h.consumer.leaving.is_set()]
        idle_first = sorted(staying, key=lambda consumer: consumer.busy)
        for consumer in idle_first[: max(0, len(staying) - claim.share)]:
            consumer.leaving.set()

    def _start(self, topic: Topic, partition: int) -> None:
        consumer = self._open_consumer(topic, partition)
        if self._stopping:
            consumer.leaving.set()
        task = asyncio.create_task(self._consume(topic, partition, consumer))
        task.add_done_callback(lambda _: self._holdings.pop(partition))
        self._holdings[partition] = Holding(consumer, task)

    async def _consume(self, topic: Topic, partition: int, consumer: PartitionConsumer) -> None:
        try:
            await consumer.run()
        except (RedisConnectionError, RedisTimeoutError, OSError):
            logger.debug("partition let go, because Redis does not answer")  # the heartbeat warns
        except Exception as error:
            place = {"topic": topic.name, "partition": partition}
            logger.warning("partition let go, trying again", extra=place | _kind(error))
        finally:
            await self._say_goodbye(self._membership.release(topic, partition))

    def _drop_all(self) -> None:
        for partition in self._holdings:
            self._drop(partition)

    def _drop(self, partition: int) -> None:
        """End its consumer at once: somebody else may own the partition by now."""
        task = self._holdings[partition].task
        if not task.cancelling():
            logger.warning("lease lost", extra={"partition": partition})
            task.cancel()

    async def _leave(self) -> None:
        if topic := await self._open_topic():
            await self._membership.leave(topic)

    async def _say_goodbye(self, words: Awaitable[None]) -> None:
        with suppress(Exception):  # it goes without; and nothing may keep the other topics from finishing
            async with asyncio.timeout(GOODBYE):
                await words


def _kind(error: Exception) -> dict[str, str]:
    return {"error": type(error).__name__}
