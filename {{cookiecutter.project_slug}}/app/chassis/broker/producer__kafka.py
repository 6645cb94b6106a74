"""Puts events into the topic in order, whatever fails in between."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata

from app.chassis.broker.batches import in_batches
from app.chassis.broker.cluster import ensure_topic, topic_exists
from app.chassis.broker.message import to_message
from app.chassis.broker.settings import REQUEST_TIMEOUT
from app.core.events import Event

MAX_BATCH = 900_000  # bytes; the broker's own limit is 1 MiB unless it was raised
FLUSH = 5.0  # seconds
# Half of it, so that a chunk is one batch per partition, which Kafka writes as a whole or not at all.
CHUNK = MAX_BATCH // 2


class OrderedProducer:
    """Sends nothing while it is uncertain what became of the messages before.

    So when the relay repeats events after an error, none can overtake an earlier one of its subject.
    Connects at the first event: a service starts without a broker.
    """

    def __init__(self, options: dict[str, Any], topic: str, partitions: int, *, idempotent: bool) -> None:
        self._options = options
        self._topic = topic
        self._partitions = partitions
        self._idempotent = idempotent
        self._producer: AIOKafkaProducer | None = None
        self._uncertain: list[asyncio.Future[RecordMetadata]] = []
        self._lock = asyncio.Lock()
        self._closed = False

    async def publish(self, events: Sequence[Event]) -> None:
        """Return once all are safe. Raise if one is refused, or if that is not clear within some seconds."""
        async with self._lock:
            await self._settle()
            for chunk in in_batches(map(to_message, events), lambda message: message.size, CHUNK):
                producer = await self._connected()
                for message in chunk:
                    sent = await producer.send(self._topic, message.value, message.key, headers=message.headers)
                    self._uncertain.append(sent)
                await self._settle()

    async def close(self) -> None:
        """Flush, for some seconds at most: what is uncertain after them is still in the outbox."""
        self._closed = True
        async with self._lock:
            await self._discard()
            for sent in self._uncertain:
                sent.cancel()  # nobody waits for the answer any more

    async def _connected(self) -> AIOKafkaProducer:
        if self._closed:
            raise RuntimeError("the event bus is closed")
        if self._producer is None:
            await ensure_topic(self._options, self._topic, self._partitions)
            self._producer = AIOKafkaProducer(
                acks="all",
                enable_idempotence=self._idempotent,
                max_batch_size=MAX_BATCH,
                max_request_size=2**30,  # the broker decides what is too large
                **self._options,
            )
            try:
                async with asyncio.timeout(REQUEST_TIMEOUT):
                    await self._producer.start()
            except BaseException:
                await self._discard()
                raise
        return self._producer

    async def _settle(self) -> None:
        """Wait for the answers. aiokafka goes on trying after we gave up, an idempotent producer for ever."""
        if not self._uncertain:
            return
        done, pending = await asyncio.wait(self._uncertain, timeout=1)
        if pending:
            await topic_exists(self._options, self._topic)  # if the broker is away, this says so at once
            done, pending = await asyncio.wait(self._uncertain, timeout=REQUEST_TIMEOUT)
        if pending:
            raise TimeoutError
        self._uncertain.clear()
        errors = [error for sent in done if (error := sent.exception())]
        if errors:
            # After a failure an idempotent producer's sequence numbers are out of step: start a new producer.
            await self._discard()
            raise errors[0]

    async def _discard(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLUSH):
                    await producer.stop()
