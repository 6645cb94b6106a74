"""The composition root: the one place where ports meet adapters, and only `main` imports it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from fastapi.routing import iter_route_contexts

from app.application.ports import Clock, IdGenerator, UnitOfWork
from app.application.registry import EVENTS, UPCASTERS
from app.application.token.handlers import GetUserByTokenHandler, SignInHandler, SignOutHandler
from app.application.token.ports import TokenRepository
from app.application.user.event_handlers import RecordLastSeen, RecordSignup, SendWelcomeEmail
from app.application.user.handlers import GetUserHandler, ListDailySignupsHandler, ListUsersHandler, RegisterUserHandler
from app.application.user.ports import EmailSender, SignupReader, UserReader
from app.chassis.broker.bus import open_event_bus
from app.chassis.codec import EventCodec
from app.chassis.sql.database import Database, open_database
from app.chassis.sql.outbox import Outbox
from app.config import SERVICE, Settings
from app.core.events import EventBus
from app.domain.user.services import PasswordHasher
from app.infrastructure.db.signups import SqlSignupReader
from app.infrastructure.db.tables import HISTORY
from app.infrastructure.db.unit_of_work import SqlUnitOfWork
from app.infrastructure.db.users import SqlUserReader
from app.infrastructure.email import make_email_sender
from app.infrastructure.system import Argon2PasswordHasher, SystemClock, Uuid7Generator
from app.infrastructure.tokens import open_token_repository
from app.stubs import Bindings, Container, Stub, instance

Overrides = Mapping[type[Any], object]


# What lives as long as the process. A factory asks for ports as an endpoint would; what it yields is closed at the end.


async def database(settings: Annotated[Settings, Depends(Stub(Settings))]) -> AsyncIterator[Database]:
    async with open_database(settings, SERVICE["name"], HISTORY) as opened:
        yield opened


async def event_bus(settings: Annotated[Settings, Depends(Stub(Settings))]) -> AsyncIterator[EventBus]:
    async with open_event_bus(settings, SERVICE["name"]) as opened:
        yield opened


async def token_repository(
    settings: Annotated[Settings, Depends(Stub(Settings))],
    database: Annotated[Database, Depends(Stub(Database))],
    clock: Annotated[Clock, Depends(Stub(Clock))],
) -> AsyncIterator[TokenRepository]:
    async with open_token_repository(settings, database, clock) as opened:
        yield opened


async def event_codec() -> EventCodec:
    return EventCodec(EVENTS, UPCASTERS, SERVICE["name"])


async def outbox(
    database: Annotated[Database, Depends(Stub(Database))], codec: Annotated[EventCodec, Depends(Stub(EventCodec))]
) -> Outbox:
    return Outbox(database, codec)


async def user_reader(database: Annotated[Database, Depends(Stub(Database))]) -> UserReader:
    return SqlUserReader(database)


async def signup_reader(database: Annotated[Database, Depends(Stub(Database))]) -> SignupReader:
    return SqlSignupReader(database)


async def email_sender(settings: Annotated[Settings, Depends(Stub(Settings))]) -> EmailSender:
    return make_email_sender(settings.smtp_url, settings.email_from)


async def password_hasher() -> PasswordHasher:
    return Argon2PasswordHasher()


async def id_generator() -> IdGenerator:
    return Uuid7Generator()


async def clock() -> Clock:
    return SystemClock()


SINGLETONS: Bindings = {
    Database: database,
    EventBus: event_bus,
    TokenRepository: token_repository,
    EventCodec: event_codec,
    Outbox: outbox,
    UserReader: user_reader,
    SignupReader: signup_reader,
    EmailSender: email_sender,
    PasswordHasher: password_hasher,
    IdGenerator: id_generator,
    Clock: clock,
}


# What is made anew for each request and each delivered event.


async def unit_of_work(
    database: Annotated[Database, Depends(Stub(Database))], outbox: Annotated[Outbox, Depends(Stub(Outbox))]
) -> UnitOfWork:
    return SqlUnitOfWork(database, outbox)


async def register_user(
    uow: Annotated[UnitOfWork, Depends(Stub(UnitOfWork))],
    hasher: Annotated[PasswordHasher, Depends(Stub(PasswordHasher))],
    ids: Annotated[IdGenerator, Depends(Stub(IdGenerator))],
    clock: Annotated[Clock, Depends(Stub(Clock))],
) -> RegisterUserHandler:
    return RegisterUserHandler(uow, hasher, ids, clock)


async def get_user(users: Annotated[UserReader, Depends(Stub(UserReader))]) -> GetUserHandler:
    return GetUserHandler(users)


async def list_users(users: Annotated[UserReader, Depends(Stub(UserReader))]) -> ListUsersHandler:
    return ListUsersHandler(users)


async def list_daily_signups(signups: Annotated[SignupReader, Depends(Stub(SignupReader))]) -> ListDailySignupsHandler:
    return ListDailySignupsHandler(signups)


async def send_welcome_email(emails: Annotated[EmailSender, Depends(Stub(EmailSender))]) -> SendWelcomeEmail:
    return SendWelcomeEmail(emails)


async def record_signup(uow: Annotated[UnitOfWork, Depends(Stub(UnitOfWork))]) -> RecordSignup:
    return RecordSignup(uow)


async def record_last_seen(uow: Annotated[UnitOfWork, Depends(Stub(UnitOfWork))]) -> RecordLastSeen:
    return RecordLastSeen(uow)


async def sign_in(
    uow: Annotated[UnitOfWork, Depends(Stub(UnitOfWork))],
    users: Annotated[UserReader, Depends(Stub(UserReader))],
    tokens: Annotated[TokenRepository, Depends(Stub(TokenRepository))],
    hasher: Annotated[PasswordHasher, Depends(Stub(PasswordHasher))],
    clock: Annotated[Clock, Depends(Stub(Clock))],
) -> SignInHandler:
    return SignInHandler(uow, users, tokens, hasher, clock)


async def sign_out(tokens: Annotated[TokenRepository, Depends(Stub(TokenRepository))]) -> SignOutHandler:
    return SignOutHandler(tokens)


async def get_user_by_token(
    tokens: Annotated[TokenRepository, Depends(Stub(TokenRepository))],
    users: Annotated[UserReader, Depends(Stub(UserReader))],
) -> GetUserByTokenHandler:
    return GetUserByTokenHandler(tokens, users)


FACTORIES: Bindings = {
    UnitOfWork: unit_of_work,
    RegisterUserHandler: register_user,
    GetUserHandler: get_user,
    ListUsersHandler: list_users,
    ListDailySignupsHandler: list_daily_signups,
    SendWelcomeEmail: send_welcome_email,
    RecordSignup: record_signup,
    RecordLastSeen: record_last_seen,
    SignInHandler: sign_in,
    SignOutHandler: sign_out,
    GetUserByTokenHandler: get_user_by_token,
}


@asynccontextmanager
async def open_container(
    settings: Settings, overrides: Overrides | None = None, needs: Mapping[type[Any], str] | None = None
) -> AsyncIterator[Container]:
    """Open everything, and check that every need of every binding is met. Raise `StartupError`.

    `needs`: what is asked for by type, and by whom.
    """
    container = Container({Settings: instance(settings), **SINGLETONS}, FACTORIES)
    for port, fake in (overrides or {}).items():
        container.override(port, fake)
    container.check()
    for need, place in (needs or {}).items():
        container.require(need, place)
    async with AsyncExitStack() as stack:
        await container.open(stack)
        yield container


def install(app: FastAPI, container: Container) -> None:
    """Let the endpoints of `app` be served. Raise `StartupError` if one asks for what is not bound."""
    container.serve(app)
    for route in iter_route_contexts(app.routes):
        dependants = [dependant] if (dependant := getattr(route, "dependant", None)) else []
        while dependants:
            dependant = dependants.pop()
            dependants += dependant.dependencies
            if isinstance(dependant.call, Stub):
                container.require(dependant.call.abstraction, f"{sorted(route.methods or ())} {route.path}")
