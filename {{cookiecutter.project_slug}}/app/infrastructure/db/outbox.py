"""The outbox table: events are written with the change that caused them, and read by the relay."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from app.core.aggregate import AggregateRoot
from app.core.events import Event, EventCodec, OutboxStatus
from app.infrastructure.db.engine import read_only
from app.infrastructure.db.envelope import to_columns, to_event
from app.infrastructure.db.models import DeliveryRow, InboxRow, OutboxRow

CHANNEL = "outbox"
"""PostgreSQL tells the relay of another process on this channel; SQLite has no such thing, there the relay polls."""


class OutboxSignal(asyncio.Event):
    """Set at commit: wakes the relay of this process before its next poll."""


async def notify(session: AsyncSession) -> None:
    """Let the commit of this transaction wake the relay, whichever process runs it."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_notify(CHANNEL, "")))


def add_to_outbox(session: AsyncSession, codec: EventCodec, aggregates: Iterable[AggregateRoot]) -> bool:
    """Add what the aggregates recorded to the session's transaction; False if that is nothing."""
    rows = []
    for aggregate in aggregates:
        for domain_event in aggregate.pull_events():
            event = codec.encode(domain_event, subject=str(aggregate.id))
            rows.append(OutboxRow(id=event.id, **to_columns(event)))
    session.add_all(rows)
    return bool(rows)


class SqlOutbox:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = read_only(engine)

    async def status(self) -> OutboxStatus:
        query = select(func.count(), func.min(OutboxRow.time)).where(OutboxRow.published_at.is_(None))
        async with self._engine.connect() as connection:
            count, oldest = (await connection.execute(query)).one()
        return OutboxStatus(count, oldest)


async def unpublished(connection: AsyncConnection, limit: int) -> list[tuple[int, Event]]:
    """The oldest events still to publish, with their numbers.

    Asked for by flag, never by "number greater than the last": a transaction that took its number
    early may commit late, and would be skipped.
    """
    query = select(OutboxRow.__table__).where(OutboxRow.published_at.is_(None)).order_by(OutboxRow.seq).limit(limit)
    async with connection.begin():
        rows = (await connection.execute(query)).all()
    return [(row.seq, to_event(row.id, row)) for row in rows]


async def mark_published(connection: AsyncConnection, numbers: Sequence[int]) -> None:
    statement = update(OutboxRow).where(OutboxRow.seq.in_(numbers)).values(published_at=datetime.now(UTC))
    async with connection.begin():
        await connection.execute(statement)


async def purge(connection: AsyncConnection, before: datetime) -> None:
    """Forget what was published or handled before that moment."""
    async with connection.begin():
        await connection.execute(delete(OutboxRow).where(OutboxRow.published_at < before))
        await connection.execute(delete(InboxRow).where(InboxRow.handled_at < before))
        await connection.execute(delete(DeliveryRow).where(DeliveryRow.began_at < before))
