"""The use cases of users: one class each, called by every door (HTTP, command line, consumer)."""

from uuid import UUID

from app.application.ports import Clock, IdGenerator, UnitOfWork
from app.application.user.commands import RegisterUserCommand
from app.application.user.dto import DailySignups, UserPage, UserView
from app.application.user.ports import SignupReader, UserReader
from app.application.user.queries import GetUserQuery, ListDailySignupsQuery, ListUsersQuery
from app.domain.user.entities import User
from app.domain.user.errors import EmailTakenError, UserNotFoundError
from app.domain.user.services import PasswordHasher
from app.domain.user.value_objects import Email, Password


class RegisterUserHandler:
    def __init__(self, uow: UnitOfWork, hasher: PasswordHasher, ids: IdGenerator, clock: Clock) -> None:
        self._uow = uow
        self._hasher = hasher
        self._ids = ids
        self._clock = clock

    async def __call__(self, command: RegisterUserCommand) -> UUID:
        """Return the new user's id. Raise `InvalidEmailError`, `WeakPasswordError` or `EmailTakenError`."""
        email, password = Email(command.email), Password(command.password)
        password_hash = await self._hasher.hash(password)  # slow on purpose, so before the transaction
        async with self._uow as uow:
            if await uow.users.by_email(email) is not None:
                raise EmailTakenError
            user = User.register(
                user_id=self._ids.new_id(),
                email=email,
                password_hash=password_hash,
                channel=command.channel,
                now=self._clock.now(),
            )
            await uow.users.add(user)
            await uow.commit()
        return user.id


class GetUserHandler:
    def __init__(self, users: UserReader) -> None:
        self._users = users

    async def __call__(self, query: GetUserQuery) -> UserView:
        """Raise `UserNotFoundError` if there is none with this id."""
        user = await self._users.by_id(query.user_id)
        if user is None:
            raise UserNotFoundError
        return user


class ListUsersHandler:
    def __init__(self, users: UserReader) -> None:
        self._users = users

    async def __call__(self, query: ListUsersQuery) -> UserPage:
        users = await self._users.page(query.after, query.limit + 1)  # one more: is there a next page?
        items = users[: query.limit]
        return UserPage(items, items[-1].id if len(users) > len(items) else None)


class ListDailySignupsHandler:
    def __init__(self, signups: SignupReader) -> None:
        self._signups = signups

    async def __call__(self, query: ListDailySignupsQuery) -> list[DailySignups]:
        """Days that have registrations, newest first."""
        return await self._signups.daily(query.limit)
