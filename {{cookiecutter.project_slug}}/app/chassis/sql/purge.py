"""Forgets what is old: published events in the outbox, and events in the inbox that every consumer is done with."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.chassis.sql.database import Database
from app.chassis.sql.tables import deliveries, outbox, received_events
from app.chassis.waiting import wait_for_any

logger = logging.getLogger(__name__)

INTERVAL = 600.0  # seconds between two rounds
CHUNK = 500  # rows of one transaction: nobody waits long for it
LOOK = 5.0  # seconds until another look at whose turn it is
PAUSE = 0.1  # seconds between two chunks

Chunk = Callable[[AsyncConnection, int, datetime], Coroutine[Any, Any, int | None]]


class Purge:
    """`is_ours` says whether it is this process that purges: one is enough."""

    def __init__(self, database: Database, *, outbox: timedelta, inbox: timedelta, is_ours: Callable[[], bool]) -> None:
        self._database = database
        self._retentions: list[tuple[Chunk, timedelta]] = [(purge_outbox, outbox), (purge_inbox, inbox)]
        self._is_ours = is_ours

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                if self._is_ours():
                    await self._round(stop)
            except Exception as error:
                logger.warning("old events cannot be removed, trying again later", exc_info=error)
            await wait_for_any(stop, timeout=INTERVAL if self._is_ours() else LOOK)

    async def _round(self, stop: asyncio.Event) -> None:
        for chunk, retention in self._retentions:
            after: int | None = 0
            while after is not None and not stop.is_set() and self._is_ours():
                async with self._database.engine.begin() as connection:
                    after = await chunk(connection, after, datetime.now(UTC) - retention)
                await asyncio.sleep(PAUSE)


async def purge_outbox(connection: AsyncConnection, after: int, before: datetime) -> int | None:
    """Look at a chunk of rows with numbers above `after`; the last number, or None at the end of what is old."""
    some = select(outbox.c.seq, outbox.c.published_at).where(outbox.c.seq > after).order_by(outbox.c.seq).limit(CHUNK)
    rows = (await connection.execute(some)).all()
    old = [row.seq for row in rows if row.published_at is not None and row.published_at < before]
    if not old:
        return None
    await connection.execute(delete(outbox).where(outbox.c.seq.in_(old)))
    return int(rows[-1].seq)


async def purge_inbox(connection: AsyncConnection, after: int, before: datetime) -> int | None:
    """Likewise. An event that waits, or is a dead letter, for any consumer is kept however old it is."""
    events, this = received_events, received_events.c.event_id == deliveries.c.event_id
    some = select(events.c.position, events.c.event_id, events.c.received_at).where(events.c.position > after)
    rows = (await connection.execute(some.order_by(events.c.position).limit(CHUNK))).all()
    old = [row.event_id for row in rows if row.received_at < before]
    if not old:
        return None
    is_open = exists().where(this, text("deliveries.state <> 1"))
    settled = select(events.c.event_id).where(events.c.event_id.in_(old), ~is_open)
    gone = list((await connection.execute(settled)).scalars())
    await connection.execute(delete(deliveries).where(deliveries.c.event_id.in_(gone)))
    await connection.execute(delete(events).where(events.c.event_id.in_(gone)))
    return int(rows[-1].position)
