"""Dead letters in SQL, so that they outlive the broker and can be asked about."""

from uuid import UUID

from sqlalchemy import Select, delete, select

from app.core.delivery import DeadLetter
from app.infrastructure.db.engine import Sessions
from app.infrastructure.db.envelope import to_columns, to_event
from app.infrastructure.db.inbox import insert_once
from app.infrastructure.db.models import DeadLetterRow
from app.infrastructure.db.upsert import insert


class SqlDeadLetters:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def add(self, letter: DeadLetter) -> None:
        async with self._sessions.begin() as session:
            statement = insert(session, DeadLetterRow).values(
                consumer=letter.consumer,
                event_id=letter.event.id,
                reason=letter.reason,
                attempts=letter.attempts,
                failed_at=letter.failed_at,
                **to_columns(letter.event),
            )
            await session.execute(statement.on_conflict_do_nothing())

    async def page(self, limit: int, consumer: str | None = None) -> list[DeadLetter]:
        letters = select(DeadLetterRow) if consumer is None else select(DeadLetterRow).filter_by(consumer=consumer)
        return await self._read(letters.order_by(DeadLetterRow.failed_at).limit(limit))

    async def of_event(self, event_id: UUID) -> list[DeadLetter]:
        return await self._read(select(DeadLetterRow).where(DeadLetterRow.event_id == event_id))

    async def discard(self, consumer: str, event_id: UUID) -> None:
        this = (DeadLetterRow.consumer == consumer, DeadLetterRow.event_id == event_id)
        async with self._sessions.begin() as session:
            await session.execute(delete(DeadLetterRow).where(*this))
            await insert_once(session, consumer, event_id)  # or the event, should it come again, would be handled

    async def _read(self, query: Select[DeadLetterRow]) -> list[DeadLetter]:
        async with self._sessions() as session:
            return [
                DeadLetter(
                    consumer=row.consumer,
                    event=to_event(row.event_id, row),
                    reason=row.reason,
                    attempts=row.attempts,
                    failed_at=row.failed_at,
                )
                for row in await session.scalars(query)
            ]
