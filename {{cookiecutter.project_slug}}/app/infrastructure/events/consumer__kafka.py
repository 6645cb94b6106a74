"""One stay of a worker in the consumer group, from joining it to leaving it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError
from aiokafka.structs import ConsumerRecord

from app.infrastructure.events.waiting import happens

logger = logging.getLogger(__name__)

BATCH = 10  # messages for one commit: handled ones that come again after a crash
POLL = 1000  # milliseconds
POLLS_PER_PING = 5
JOIN, COMMIT, LEAVE = 60.0, 5.0, 5.0  # seconds; aiokafka itself would wait for the group without limit
FIRST_DELAY, MAX_DELAY = 0.5, 10.0  # seconds until a message that was not taken is delivered again

goodbyes: set[asyncio.Task[None]] = set()  # a task that nobody knows may vanish


class Membership(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """Gives the messages of each partition to `take`, one at a time, the partitions side by side.

    `drain`: seconds that handlers in hand have when the group takes their partition away.
    `ping` raises if the broker is away: aiokafka tries again without a word, and for ever.
    """

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        topic: str,
        take: Callable[[ConsumerRecord[bytes, bytes]], Awaitable[None]],
        ping: Callable[[], Awaitable[None]],
        drain: float,
    ) -> None:
        self._consumer = consumer
        self._topic = topic
        self._take = take
        self._ping = ping
        self._drain = drain
        self._ending = asyncio.Event()
        self._workers: dict[TopicPartition, asyncio.Task[None]] = {}
        self._busy: set[TopicPartition] = set()
        self._leaving = False
        self._failed = asyncio.Event()
        self._error: BaseException | None = None

    async def stay(self) -> None:
        """Join, and work until cancelled. Raise what makes it impossible to go on."""
        self._consumer.subscribe([self._topic], listener=self)
        async with asyncio.timeout(self._drain + JOIN):
            await self._consumer.start()
        watch = self._start(self._watch())
        try:
            await self._failed.wait()
        finally:
            watch.cancel()
        if self._error:
            raise self._error

    async def leave(self, patience: float | None) -> None:
        """Let handlers in hand finish within so many seconds, and hand the partitions back.

        While the group changes, the broker answers late: then this returns, and the rest goes on behind.
        """
        self._leaving = True
        try:
            await self._finish(patience)
        finally:
            goodbye = asyncio.create_task(self._consumer.stop())
            goodbyes.add(goodbye)
            goodbye.add_done_callback(_forget)
            await asyncio.wait([goodbye], timeout=LEAVE)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        if not self._leaving:
            self._ending = asyncio.Event()
            self._workers = {partition: self._start(self._work(partition, self._ending)) for partition in assigned}

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """The group waits until this returns, and then deals out the partitions anew."""
        await self._finish(self._drain)

    async def _finish(self, patience: float | None) -> None:
        self._ending.set()
        for partition in self._workers.keys() - self._busy:
            self._workers[partition].cancel()
        workers, self._workers = list(self._workers.values()), {}
        if workers:
            try:
                await asyncio.wait(workers, timeout=patience)
            finally:
                for worker in workers:
                    worker.cancel()
            await asyncio.wait(workers, timeout=COMMIT)
        self._busy.clear()

    async def _work(self, partition: TopicPartition, ending: asyncio.Event) -> None:
        while not ending.is_set():
            batches = await self._consumer.getmany(partition, timeout_ms=POLL, max_records=BATCH)
            self._busy.add(partition)  # at once: what has left aiokafka's buffer is not offered again
            handled = None
            try:
                for record in batches.get(partition, ()):
                    if ending.is_set() or not await self._deliver(record, ending):
                        break
                    handled = record
            finally:
                if handled:
                    await self._commit(partition, handled.offset + 1, ending)
            self._busy.discard(partition)

    async def _deliver(self, record: ConsumerRecord[bytes, bytes], ending: asyncio.Event) -> bool:
        """Again and again until it is taken: the messages behind it wait. False if the end comes first."""
        delay = FIRST_DELAY
        while True:
            try:
                await self._take(record)
            except Exception as error:
                place = {"partition": record.partition, "offset": record.offset}
                logger.warning("event was not taken: it will be delivered again", extra=place, exc_info=error)
            else:
                return True
            if await happens(ending, delay):
                return False
            delay = min(MAX_DELAY, 2 * delay)

    async def _commit(self, partition: TopicPartition, next_offset: int, ending: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(COMMIT):
                await self._consumer.commit({partition: next_offset})
        except (CommitFailedError, IllegalStateError):
            ending.set()  # the group went on without us: others have our partitions, and aiokafka joins again
            logger.warning("the group took partitions away before their events were acknowledged: they come again")

    async def _watch(self) -> None:
        """Raise what went wrong in the background, also while there is nothing to do.

        A partition that does not exist has no messages, but asking for it shows errors and counts as polling.
        """
        while True:
            for _ in range(POLLS_PER_PING):
                await self._consumer.getmany(TopicPartition(self._topic, -1), timeout_ms=POLL)
            await self._ping()

    def _start(self, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(job)
        task.add_done_callback(self._note_failure)
        return task

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self._error = error
            self._failed.set()


def _forget(goodbye: asyncio.Task[None]) -> None:
    goodbyes.discard(goodbye)
    if not goodbye.cancelled():
        goodbye.exception()  # whatever it is, the group notices our silence
