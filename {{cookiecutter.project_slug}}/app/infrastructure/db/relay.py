"""The relay: takes events from the outbox to the bus, oldest first, and marks them published."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.events import EventBus
from app.core.handler_runner import ShuttingDownError
from app.infrastructure.db.outbox import OutboxSignal, mark_published, purge, unpublished
from app.infrastructure.db.relay_lock import relay_connection

logger = logging.getLogger(__name__)

BATCH = 100  # measured: beyond some hundred, a larger batch is no faster and only repeats more after a crash
MAX_BACKOFF = 30.0
PURGE_INTERVAL = timedelta(hours=1)


class SqlOutboxRelay:
    """Times are seconds. `poll` bounds how long an event of another process may go unseen."""

    def __init__(
        self, engine: AsyncEngine, bus: EventBus, signal: OutboxSignal, poll: float, retention: timedelta
    ) -> None:
        self._engine = engine
        self._bus = bus
        self._signal = signal
        self._poll = poll
        self._retention = retention
        self._next_purge = datetime.now(UTC)
        self._failures = 0  # since the last batch that went well

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._signal.clear()
            try:
                async with relay_connection(self._engine, self._signal) as connection:
                    if connection is not None:
                        await self._relay(connection, stop)
                await self._wait(stop, self._poll)
            except ShuttingDownError:
                return
            except Exception as error:  # database or broker away: nothing is lost, it is all still in the table
                self._failures += 1
                logger.warning("relay failed, trying again", extra={"failures": self._failures}, exc_info=error)
                await self._wait(stop, min(MAX_BACKOFF, self._poll * 2.0 ** min(self._failures, 10)))

    async def _relay(self, connection: AsyncConnection, stop: asyncio.Event) -> None:
        """Relay until `stop`; an exception ends it with the lock given back."""
        while not stop.is_set():
            self._signal.clear()
            published = await self._publish_batch(connection)
            if datetime.now(UTC) >= self._next_purge:
                self._next_purge = datetime.now(UTC) + PURGE_INTERVAL  # before it: if it fails, events still go out
                await purge(connection, datetime.now(UTC) - self._retention)
            if published < BATCH:
                await self._wait(stop, self._poll)

    async def _publish_batch(self, connection: AsyncConnection) -> int:
        batch = await unpublished(connection, BATCH)
        if batch:
            await self._bus.publish_many([event for _, event in batch])
            await mark_published(connection, [number for number, _ in batch])
        self._failures = 0
        return len(batch)

    async def _wait(self, stop: asyncio.Event, seconds: float) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (stop, self._signal)]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
