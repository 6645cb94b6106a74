"""Tokens in SQL. Those that have expired are purged whenever one is added."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from app.application.ports import Clock
from app.chassis.sql.database import Sessions
from app.infrastructure.db.tables import TokenRow


class SqlTokenRepository:
    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    async def add(self, token_hash: str, user_id: UUID, expires_at: datetime) -> None:
        async with self._sessions.begin() as session:
            await session.execute(delete(TokenRow).where(TokenRow.expires_at <= self._clock.now()))
            session.add(TokenRow(token_hash=token_hash, user_id=user_id, expires_at=expires_at))

    async def user_of(self, token_hash: str) -> UUID | None:
        query = select(TokenRow.user_id).where(
            TokenRow.token_hash == token_hash, TokenRow.expires_at > self._clock.now()
        )
        async with self._sessions() as session:
            return await session.scalar(query)

    async def revoke(self, token_hash: str) -> None:
        async with self._sessions.begin() as session:
            await session.execute(delete(TokenRow).where(TokenRow.token_hash == token_hash))
