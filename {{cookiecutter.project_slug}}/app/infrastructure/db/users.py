"""Users in SQL: the repository for writing, the reader for showing."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.application.user.dto import Credentials, UserView
from app.chassis.sql.database import Database
from app.chassis.sql.engine import read_only
from app.chassis.sql.repository import As, SqlRepository
from app.domain.user.entities import User
from app.domain.user.errors import EmailTakenError, UserNotFoundError
from app.domain.user.value_objects import Email
from app.infrastructure.db.tables import LastSeenRow, UserRow

UNIQUE_EMAIL = ("uq_users_email", "users.email")  # as PostgreSQL and SQLite name what was violated


class SqlUserRepository(SqlRepository[User]):
    aggregate = User
    row = UserRow
    columns = {"email": As(Email)}  # noqa: RUF012 - the base class says it is of the class

    async def by_id(self, user_id: UUID) -> User:
        user = await self._find(UserRow.id == user_id)
        if user is None:
            raise UserNotFoundError
        return user

    async def by_email(self, email: Email) -> User | None:
        return await self._find(UserRow.email == email.value)

    async def store(self) -> None:
        try:
            await super().store()
        except IntegrityError as error:  # the only way to be sure: two requests may have asked by_email at once
            if any(name in str(error.orig) for name in UNIQUE_EMAIL):
                raise EmailTakenError from error
            raise


_VIEW = select(UserRow.id, UserRow.email, UserRow.registered_at, LastSeenRow.at).outerjoin(
    LastSeenRow, LastSeenRow.user_id == UserRow.id
)


class SqlUserReader:
    def __init__(self, database: Database) -> None:
        self._engine = read_only(database.engine)

    async def by_id(self, user_id: UUID) -> UserView | None:
        async with self._engine.connect() as connection:
            row = (await connection.execute(_VIEW.where(UserRow.id == user_id))).first()
        return None if row is None else UserView(*row)

    async def page(self, after: UUID | None, limit: int) -> list[UserView]:
        query = _VIEW.order_by(UserRow.id).limit(limit)
        if after is not None:
            query = query.where(UserRow.id > after)
        async with self._engine.connect() as connection:
            return [UserView(*row) for row in await connection.execute(query)]

    async def credentials(self, email: Email) -> Credentials | None:
        query = select(UserRow.id, UserRow.password_hash).where(UserRow.email == email.value)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else Credentials(*row)
