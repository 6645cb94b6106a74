from uuid import UUID

import pytest

from app.application.user.commands import RegisterUserCommand
from app.application.user.handlers import RegisterUserHandler
from app.domain.user.errors import EmailTakenError, InvalidEmailError, WeakPasswordError
from app.domain.user.events import UserRegistered
from tests.fakes import NOON, CountingIds, FakeUnitOfWork, FixedClock, ReversingHasher

COMMAND = RegisterUserCommand("Ada@example.com", "correct horse")


@pytest.fixture
def uow() -> FakeUnitOfWork:
    return FakeUnitOfWork()


@pytest.fixture
def register(uow: FakeUnitOfWork) -> RegisterUserHandler:
    return RegisterUserHandler(uow, ReversingHasher(), CountingIds(), FixedClock())


async def test_stores_the_user_with_a_hash_instead_of_the_password(
    register: RegisterUserHandler, uow: FakeUnitOfWork
) -> None:
    assert await register(COMMAND) == UUID(int=1)
    [user] = uow.users.stored
    assert (user.id, user.email.value, user.registered_at) == (UUID(int=1), "ada@example.com", NOON)
    assert user.password_hash == "reversed:esroh tcerroc"
    assert uow.commits == 1


async def test_records_that_the_user_registered(register: RegisterUserHandler, uow: FakeUnitOfWork) -> None:
    user_id = await register(COMMAND)
    assert uow.events == [UserRegistered(channel="api", user_id=user_id, email="ada@example.com", occurred_at=NOON)]


async def test_refuses_an_email_that_is_taken_in_whatever_case(
    register: RegisterUserHandler, uow: FakeUnitOfWork
) -> None:
    await register(COMMAND)
    with pytest.raises(EmailTakenError):
        await register(RegisterUserCommand("ADA@EXAMPLE.COM", "another horse"))
    assert uow.commits == 1


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (RegisterUserCommand("ada", "correct horse"), InvalidEmailError),
        (RegisterUserCommand("ada@example.com", "short"), WeakPasswordError),
    ],
)
async def test_refuses_invalid_values_before_it_opens_a_transaction(
    register: RegisterUserHandler, uow: FakeUnitOfWork, command: RegisterUserCommand, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await register(command)
    assert uow.commits == 0


def test_a_command_does_not_show_its_password() -> None:
    assert "correct horse" not in repr(COMMAND)
