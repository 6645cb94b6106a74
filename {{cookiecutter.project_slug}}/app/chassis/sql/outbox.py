"""The outbox: events are written with the change that caused them, and read by the relay."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.chassis.codec import EventCodec
from app.chassis.sql.database import Database
from app.chassis.sql.engine import read_only
from app.chassis.sql.envelope import to_columns, to_event
from app.chassis.sql.tables import outbox
from app.core.aggregate import AggregateRoot
from app.core.events import Event

CHANNEL = "outbox"  # PostgreSQL tells other processes of new events; with SQLite they poll


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """How far the relay is behind: events still to publish, and since when the oldest waits."""

    unpublished: int
    oldest: datetime | None


class Outbox:
    """`committed` is set at each commit with events: it wakes the relay of this process before its next poll."""

    def __init__(self, database: Database, codec: EventCodec) -> None:
        self._database = database
        self._codec = codec
        self.committed = asyncio.Event()

    async def add(self, session: AsyncSession, aggregates: Iterable[AggregateRoot]) -> bool:
        """Add what the aggregates recorded to the session's transaction; False if there was no event."""
        rows = []
        for aggregate in aggregates:
            for domain_event in aggregate.pull_events():
                event = self._codec.encode(domain_event, subject=str(aggregate.id))
                rows.append({"id": event.id, **to_columns(event)})
        if not rows:
            return False
        await session.execute(insert(outbox), rows)
        if self._database.is_postgresql:  # wakes the relay when this transaction commits, whichever process runs it
            await session.execute(select(func.pg_notify(self._database.channel(CHANNEL), "")))
        return True

    async def status(self) -> OutboxStatus:
        query = select(func.count(), func.min(outbox.c.time)).where(outbox.c.published_at.is_(None))
        async with read_only(self._database.engine).connect() as connection:
            count, oldest = (await connection.execute(query)).one()
        return OutboxStatus(count, oldest)

    async def unpublished(self, rows: int, size: int) -> list[tuple[int, Event]]:
        """The oldest events still to publish, with their numbers.

        At most `rows` events and `size` bytes, but at least one event.

        Asked for by flag, never by "number greater than the last": a transaction that took its number
        early may commit late, and would be skipped.
        """
        waiting = (
            select(outbox).where(outbox.c.published_at.is_(None)).order_by(outbox.c.seq).limit(rows).subquery("waiting")
        )
        length = func.length(waiting.c.data)
        before = (func.sum(length).over(order_by=waiting.c.seq) - length).label("before")
        measured = select(waiting, before).subquery("measured")
        query = select(measured).where(measured.c.before < size).order_by(measured.c.seq)
        async with read_only(self._database.engine).connect() as connection:
            found = (await connection.execute(query)).all()
        return [(row.seq, to_event(row.id, row)) for row in found]

    async def mark_published(self, numbers: Sequence[int]) -> None:
        statement = update(outbox).where(outbox.c.seq.in_(numbers)).values(published_at=datetime.now(UTC))
        async with self._database.engine.begin() as connection:
            await connection.execute(statement)
