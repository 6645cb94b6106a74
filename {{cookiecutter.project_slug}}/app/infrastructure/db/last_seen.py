"""When users were last seen, in SQL."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.chassis.sql.upsert import insert
from app.infrastructure.db.tables import LastSeenRow, UserRow


class SqlLastSeen:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def note(self, user_id: UUID, at: datetime) -> None:
        known = select(UserRow.id, literal(at, LastSeenRow.at.type)).where(UserRow.id == user_id)
        statement = insert(self._session, LastSeenRow).from_select(["user_id", "at"], known)
        await self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["user_id"], set_={"at": statement.excluded.at}, where=LastSeenRow.at < at
            )
        )
