"""The outbox table: events are written with the change that caused them, and read by the relay."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.core.aggregate import AggregateRoot
from app.core.events import Event, EventCodec
from app.infrastructure.db.envelope import to_columns, to_event
from app.infrastructure.db.models import InboxRow, OutboxRow


class OutboxSignal(asyncio.Event):
    """Set at commit: wakes the relay of this process before its next poll."""


def add_to_outbox(session: AsyncSession, codec: EventCodec, aggregates: Iterable[AggregateRoot]) -> bool:
    """Add what the aggregates recorded to the session's transaction; False if that is nothing."""
    rows = []
    for aggregate in aggregates:
        for domain_event in aggregate.pull_events():
            event = codec.encode(domain_event, subject=str(aggregate.id))
            rows.append(OutboxRow(id=event.id, **to_columns(event)))
    session.add_all(rows)
    return bool(rows)


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
