"""The use cases of tokens: sign in, sign out, who is it."""

import hashlib
import secrets
from datetime import timedelta

from app.application.ports import Clock, UnitOfWork
from app.application.token.commands import SignInCommand, SignOutCommand
from app.application.token.dto import AccessToken
from app.application.token.errors import InvalidCredentialsError, InvalidTokenError
from app.application.token.ports import TokenRepository
from app.application.token.queries import GetUserByTokenQuery
from app.application.user.dto import UserView
from app.application.user.ports import UserReader
from app.domain.user.errors import InvalidEmailError
from app.domain.user.services import PasswordHasher
from app.domain.user.value_objects import Email

TIME_TO_LIVE = timedelta(hours=12)
TOKEN_BYTES = 32  # of randomness: beyond guessing, so a plain hash of it is enough


class SignInHandler:
    def __init__(
        self, uow: UnitOfWork, users: UserReader, tokens: TokenRepository, hasher: PasswordHasher, clock: Clock
    ) -> None:
        self._uow = uow
        self._users = users
        self._tokens = tokens
        self._hasher = hasher
        self._clock = clock

    async def __call__(self, command: SignInCommand) -> AccessToken:
        """Raise `InvalidCredentialsError`; an unknown address takes as long to refuse as a wrong password."""
        try:
            credentials = await self._users.credentials(Email(command.email))
        except InvalidEmailError:
            credentials = None
        password_hash = credentials.password_hash if credentials else None
        if not await self._hasher.verify(command.password, password_hash) or credentials is None:
            raise InvalidCredentialsError
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self._clock.now()
        # Stored before the commit: an unused token expires, an event cannot be taken back.
        await self._tokens.add(hash_token(token), credentials.user_id, now + TIME_TO_LIVE)
        async with self._uow as uow:
            user = await uow.users.by_id(credentials.user_id)
            user.sign_in(now)
            await uow.commit()
        return AccessToken(token, int(TIME_TO_LIVE.total_seconds()))


class SignOutHandler:
    def __init__(self, tokens: TokenRepository) -> None:
        self._tokens = tokens

    async def __call__(self, command: SignOutCommand) -> None:
        """Revoke the token. Raise `InvalidTokenError` if it is none that is valid."""
        token_hash = hash_token(command.token)
        if await self._tokens.user_of(token_hash) is None:
            raise InvalidTokenError
        await self._tokens.revoke(token_hash)


class GetUserByTokenHandler:
    def __init__(self, tokens: TokenRepository, users: UserReader) -> None:
        self._tokens = tokens
        self._users = users

    async def __call__(self, query: GetUserByTokenQuery) -> UserView:
        """Raise `InvalidTokenError` unless the token is valid and its user exists."""
        user_id = await self._tokens.user_of(hash_token(query.token))
        user = None if user_id is None else await self._users.by_id(user_id)
        if user is None:
            raise InvalidTokenError
        return user


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
