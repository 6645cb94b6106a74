"""Delivers the entries of one partition, in order, one at a time."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from app.core.cancellation import is_cancelled
from app.core.events import Event, Receive
from app.core.retry import RetryPolicy
from app.infrastructure.events.partition import Entry, Partition

logger = logging.getLogger(__name__)

T = TypeVar("T")

TRIM_INTERVAL = 60.0  # seconds
BACKOFF = RetryPolicy(first_delay=0.5, max_delay=30.0)


class PartitionConsumer:
    def __init__(self, partition: Partition, receive: Receive) -> None:
        self.busy = False
        self.leaving = asyncio.Event()
        self._partition = partition
        self._receive = receive

    async def run(self) -> None:
        """Deliver until `leaving` is set, and finish what is in hand then.

        Raise `LeaseLostError` if the partition is no longer ours, and what Redis raises.
        """
        position = await self._partition.position()
        next_trim = time.monotonic()
        while not self.leaving.is_set():
            if time.monotonic() >= next_trim:
                await self._partition.trim()
                next_trim = time.monotonic() + TRIM_INTERVAL
            for entry in await self._unless_leaving(self._partition.read(position)) or ():
                if not await self._deliver(entry):
                    return
                position = entry.id

    async def _deliver(self, entry: Entry) -> bool:
        """Deliver until a receiver has returned; False if it is time to leave before."""
        failures = 0
        while not self.leaving.is_set():
            if await self._attempt(entry):
                return True
            failures += 1
            await self._unless_leaving(asyncio.sleep(BACKOFF.delay(min(failures, 10))))
        return False

    async def _attempt(self, entry: Entry) -> bool:
        await self._partition.check()
        event = entry.event()
        self.busy = True
        try:
            await self._receive(event)
        except (Exception, asyncio.CancelledError) as error:
            if is_cancelled():
                raise
            if not self.leaving.is_set():
                logger.warning("event not acknowledged, delivering it again", extra=_named(event), exc_info=error)
            return False
        finally:
            self.busy = False
        await self._partition.acknowledge(entry)
        return True

    async def _unless_leaving(self, work: Coroutine[Any, Any, T]) -> T | None:
        """The result of `work`, or None if it is time to leave; `work` is cancelled then."""
        working = asyncio.create_task(work)
        tasks = [working, asyncio.create_task(self.leaving.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _named(event: Event) -> dict[str, str]:
    return {"event_type": event.type, "event_id": str(event.id)}
