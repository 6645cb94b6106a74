"""What this service changes in one transaction."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.chassis.sql.unit_of_work import SqlTransaction
from app.infrastructure.db.last_seen import SqlLastSeen
from app.infrastructure.db.signups import SqlSignupCounter
from app.infrastructure.db.users import SqlUserRepository


class SqlUnitOfWork(SqlTransaction):
    def _begin(self, session: AsyncSession) -> None:
        self.users = self._track(SqlUserRepository(session))
        self.signups = SqlSignupCounter(session)
        self.last_seen = SqlLastSeen(session)
