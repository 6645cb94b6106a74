"""Users in SQL: the repository for writing, the reader for showing."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.application.user.dto import Credentials, UserView
from app.core.aggregate import AggregateRoot
from app.domain.user.entities import User
from app.domain.user.repositories import EmailTakenError, UserNotFoundError
from app.domain.user.value_objects import Email
from app.infrastructure.db.engine import read_only
from app.infrastructure.db.models import LastSeenRow, UserRow

UNIQUE_EMAIL = ("uq_users_email", "users.email")  # as PostgreSQL and SQLite name what was violated


class SqlUserRepository:
    """`track` tells the unit of work which aggregates to ask for events."""

    def __init__(self, session: AsyncSession, track: Callable[[AggregateRoot], None]) -> None:
        self._session = session
        self._track = track
        self._fetched: dict[UUID, tuple[User, UserRow]] = {}

    async def by_id(self, user_id: UUID) -> User:
        user = await self._one(select(UserRow).where(UserRow.id == user_id))
        if user is None:
            raise UserNotFoundError
        return user

    async def by_email(self, email: Email) -> User | None:
        return await self._one(select(UserRow).where(UserRow.email == email.value))

    async def add(self, user: User) -> None:
        self._session.add(
            UserRow(
                id=user.id,
                email=user.email.value,
                password_hash=user.password_hash,
                registered_at=user.registered_at,
            )
        )
        await self._flush()
        self._track(user)

    async def write_back(self) -> None:
        """Store what was changed on users that were fetched. Raise `EmailTakenError`."""
        for user, row in self._fetched.values():
            row.email, row.password_hash = user.email.value, user.password_hash
        await self._flush()

    async def _flush(self) -> None:
        try:
            await self._session.flush()
        except IntegrityError as error:  # the only way to be sure: two requests may have asked by_email at once
            if any(name in str(error.orig) for name in UNIQUE_EMAIL):
                raise EmailTakenError from error
            raise

    async def _one(self, query: Select[UserRow]) -> User | None:
        row = await self._session.scalar(query.with_for_update())
        if row is None:
            return None
        if row.id not in self._fetched:  # the same user is the same object, or one change would undo the other
            user = User(
                id=row.id, email=Email(row.email), password_hash=row.password_hash, registered_at=row.registered_at
            )
            self._fetched[row.id] = (user, row)
            self._track(user)
        return self._fetched[row.id][0]


_VIEW = select(UserRow.id, UserRow.email, UserRow.registered_at, LastSeenRow.at).outerjoin(
    LastSeenRow, LastSeenRow.user_id == UserRow.id
)


class SqlUserReader:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = read_only(engine)

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
