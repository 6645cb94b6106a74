"""Dead letters in SQL, so that they outlive the broker and can be asked about."""

from app.core.delivery import DeadLetter
from app.infrastructure.db.engine import Sessions
from app.infrastructure.db.envelope import to_columns
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
