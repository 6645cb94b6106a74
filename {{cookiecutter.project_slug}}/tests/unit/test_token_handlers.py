from datetime import timedelta
from uuid import UUID

import pytest

from app.application.token.commands import SignInCommand, SignOutCommand
from app.application.token.errors import InvalidCredentialsError, InvalidTokenError
from app.application.token.handlers import TIME_TO_LIVE, GetUserByTokenHandler, SignInHandler, SignOutHandler
from app.application.token.queries import GetUserByTokenQuery
from app.application.user.dto import Credentials, UserView
from app.domain.user.entities import User
from app.domain.user.events import UserSignedIn
from app.domain.user.value_objects import Email
from tests.fakes import NOON, FakeUnitOfWork, MemoryTokens, MovableClock, ReversingHasher

ADA = UUID(int=7)
EMAIL, PASSWORD = "ada@example.com", "correct horse"


class OneUser:
    """The reader of a service that has one user."""

    def __init__(self) -> None:
        self.view: UserView | None = UserView(ADA, EMAIL, NOON, None)

    async def by_id(self, user_id: UUID) -> UserView | None:
        return self.view if user_id == ADA else None

    async def page(self, after: UUID | None, limit: int) -> list[UserView]:
        raise NotImplementedError

    async def credentials(self, email: Email) -> Credentials | None:
        return Credentials(ADA, f"reversed:{PASSWORD[::-1]}") if email.value == EMAIL else None


class Service:
    """The token use cases on fakes."""

    def __init__(self) -> None:
        self.clock, self.uow, self.users = MovableClock(), FakeUnitOfWork(), OneUser()
        self.tokens = MemoryTokens(self.clock)
        self.uow.users.committed[ADA] = User(
            id=ADA, email=Email(EMAIL), password_hash=f"reversed:{PASSWORD[::-1]}", registered_at=NOON
        )
        self.sign_in = SignInHandler(self.uow, self.users, self.tokens, ReversingHasher(), self.clock)
        self.sign_out = SignOutHandler(self.tokens)
        self.who = GetUserByTokenHandler(self.tokens, self.users)


@pytest.fixture
def service() -> Service:
    return Service()


async def test_a_token_stands_for_whoever_signed_in(service: Service) -> None:
    token = await service.sign_in(SignInCommand("ADA@example.com", PASSWORD))
    user = await service.who(GetUserByTokenQuery(token.value))
    assert (user.id, token.expires_in) == (ADA, TIME_TO_LIVE.total_seconds())


async def test_signing_in_is_recorded(service: Service) -> None:
    await service.sign_in(SignInCommand(EMAIL, PASSWORD))
    assert service.uow.events == [UserSignedIn(user_id=ADA, occurred_at=NOON)]


async def test_the_token_itself_is_stored_nowhere(service: Service) -> None:
    token = await service.sign_in(SignInCommand(EMAIL, PASSWORD))
    assert token.value not in repr((service.tokens.stored, service.uow.events, token))


@pytest.mark.parametrize(
    ("email", "password"), [(EMAIL, "wrong horse"), ("bob@example.com", PASSWORD), ("nonsense", PASSWORD)]
)
async def test_whatever_is_wrong_the_refusal_is_the_same(service: Service, email: str, password: str) -> None:
    with pytest.raises(InvalidCredentialsError):
        await service.sign_in(SignInCommand(email, password))
    assert (service.tokens.stored, service.uow.events) == ({}, [])


async def test_a_token_ends_with_its_time(service: Service) -> None:
    token = await service.sign_in(SignInCommand(EMAIL, PASSWORD))
    service.clock.move(TIME_TO_LIVE + timedelta(seconds=1))
    with pytest.raises(InvalidTokenError):
        await service.who(GetUserByTokenQuery(token.value))


async def test_a_token_ends_when_its_user_signs_out(service: Service) -> None:
    token = await service.sign_in(SignInCommand(EMAIL, PASSWORD))
    await service.sign_out(SignOutCommand(token.value))
    with pytest.raises(InvalidTokenError):
        await service.who(GetUserByTokenQuery(token.value))
    with pytest.raises(InvalidTokenError):
        await service.sign_out(SignOutCommand(token.value))


async def test_a_token_of_a_user_that_is_gone_is_refused(service: Service) -> None:
    token = await service.sign_in(SignInCommand(EMAIL, PASSWORD))
    service.users.view = None
    with pytest.raises(InvalidTokenError):
        await service.who(GetUserByTokenQuery(token.value))
