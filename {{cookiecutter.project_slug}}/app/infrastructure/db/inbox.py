"""Which consumer is done with which event."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, and_, delete, select, union_all
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.infrastructure.db.engine import Sessions, read_only
from app.infrastructure.db.models import DeadLetterRow, DeliveryRow, InboxRow
from app.infrastructure.db.upsert import insert


async def insert_once(session: AsyncSession, consumer: str, event_id: UUID) -> bool:
    """Add the inbox row to the session's transaction; False if it is there already.

    A second transaction with the same row waits here until the first has ended.
    """
    statement = insert(session, InboxRow).values(consumer=consumer, event_id=event_id, handled_at=datetime.now(UTC))
    result = await session.execute(statement.on_conflict_do_nothing())
    return isinstance(result, CursorResult) and result.rowcount == 1


class SqlInbox:
    def __init__(self, engine: AsyncEngine, sessions: Sessions) -> None:
        self._engine = read_only(engine)
        self._sessions = sessions

    async def is_settled(self, consumer: str, event_id: UUID) -> bool:
        query = union_all(
            *(select(row.event_id).where(_is(row, consumer, event_id)) for row in (InboxRow, DeadLetterRow))
        )
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).first() is not None

    async def mark_handled(self, consumer: str, event_id: UUID) -> None:
        async with self._sessions.begin() as session:
            await insert_once(session, consumer, event_id)

    async def unfinished(self, consumer: str, event_id: UUID) -> int:
        query = select(DeliveryRow.count).where(_is(DeliveryRow, consumer, event_id))
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).scalar() or 0

    async def begin(self, consumer: str, event_id: UUID) -> None:
        async with self._sessions.begin() as session:
            now = datetime.now(UTC)
            row = insert(session, DeliveryRow).values(consumer=consumer, event_id=event_id, count=1, began_at=now)
            again = {"count": DeliveryRow.count + 1, "began_at": now}
            await session.execute(row.on_conflict_do_update(index_elements=["consumer", "event_id"], set_=again))

    async def end(self, consumer: str, event_id: UUID) -> None:
        async with self._sessions.begin() as session:
            await session.execute(delete(DeliveryRow).where(_is(DeliveryRow, consumer, event_id)))


def _is(row: type[InboxRow | DeadLetterRow | DeliveryRow], consumer: str, event_id: UUID) -> ColumnElement[bool]:
    return and_(row.consumer == consumer, row.event_id == event_id)
