"""The relay: takes events from the outbox to the bus, oldest first, and marks them published."""

import asyncio
import logging

from app.chassis.sql.lease import RELAY, Lease
from app.chassis.sql.outbox import Outbox
from app.chassis.waiting import wait_for_any
from app.core.events import EventBus

logger = logging.getLogger(__name__)

BATCH_ROWS = 200  # measured: beyond some hundred, a larger batch is no faster and only repeats more after a crash
BATCH_BYTES = 4_000_000
MAX_BACKOFF = 30.0


class Relay:
    """Publishes while this process holds the lock: two relays at once would only repeat each other.

    `poll`: seconds between two looks at the outbox if nothing wakes the relay earlier.
    """

    def __init__(self, outbox: Outbox, bus: EventBus, lease: Lease, poll: float) -> None:
        self._outbox = outbox
        self._bus = bus
        self._lease = lease
        self._poll = poll
        self._failures = 0  # since the last batch that went well

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop` is set. Survives a database or broker that is away, and catches up."""
        while not stop.is_set():
            self._outbox.committed.clear()
            try:
                more = await self._publish_batch() if self._lease.holds(RELAY) else False
            except Exception as error:  # nothing is lost, it is all still in the table
                self._failures += 1
                logger.warning("publishing failed, trying again", extra={"failures": self._failures}, exc_info=error)
                await wait_for_any(stop, timeout=min(MAX_BACKOFF, self._poll * 2.0 ** min(self._failures, 10)))
            else:
                self._failures = 0
                if not more:
                    await wait_for_any(stop, self._outbox.committed, timeout=self._poll)

    async def _publish_batch(self) -> bool:
        """True if there may be more to publish at once."""
        batch = await self._outbox.unpublished(BATCH_ROWS, BATCH_BYTES)
        if batch:
            await self._bus.publish_many([event for _, event in batch])
            await self._outbox.mark_published([number for number, _ in batch])
        return bool(batch)
