"""The composition root: the one place where ports meet adapters, and only `main` imports it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Any, cast

from fastapi import Depends, FastAPI
from fastapi.routing import iter_route_contexts
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.ports import Clock, IdGenerator, ReadinessCheck, UnitOfWork
from app.application.registry import EVENTS, SUBSCRIPTIONS, UPCASTERS
from app.application.token.handlers import GetUserByTokenHandler, SignInHandler, SignOutHandler
from app.application.token.ports import TokenRepository
from app.application.user.event_handlers import RecordLastSeen, RecordSignup, SendWelcomeEmail
from app.application.user.handlers import GetUserHandler, ListDailySignupsHandler, ListUsersHandler, RegisterUserHandler
from app.application.user.ports import EmailSender, SignupReader, UserReader
from app.config import SERVICE, Settings
from app.core.delivery import DeadLetters, Inbox
from app.core.events import EventBus, EventCodec, Outbox, OutboxRelay
from app.core.metrics import DeliveryMetrics
from app.domain.user.services import PasswordHasher
from app.infrastructure.db.dead_letters import SqlDeadLetters
from app.infrastructure.db.engine import Sessions, make_sessions, open_engine
from app.infrastructure.db.inbox import SqlInbox
from app.infrastructure.db.outbox import OutboxSignal, SqlOutbox
from app.infrastructure.db.relay import SqlOutboxRelay
from app.infrastructure.db.signups import SqlSignupReader
from app.infrastructure.db.unit_of_work import SqlUnitOfWork
from app.infrastructure.db.user_repository import SqlUserReader
from app.infrastructure.email import make_email_sender
from app.infrastructure.events.bus import open_event_bus
from app.infrastructure.events.codec import JsonEventCodec
from app.infrastructure.metrics import PrometheusDeliveryMetrics
from app.infrastructure.readiness import SystemReadinessCheck
from app.infrastructure.system import Argon2PasswordHasher, SystemClock, Uuid7Generator
from app.infrastructure.tokens import open_token_repository
from app.stubs import Bindings, Container, Factory, Stub, instance

Overrides = Mapping[type[Any], object]


# One factory for what is made anew in each scope. A factory asks for ports as an endpoint would.


async def unit_of_work(
    sessions: Annotated[Sessions, Depends(Stub(Sessions))],
    codec: Annotated[EventCodec, Depends(Stub(EventCodec))],
    signal: Annotated[OutboxSignal, Depends(Stub(OutboxSignal))],
) -> UnitOfWork:
    return SqlUnitOfWork(sessions, codec, signal)


async def outbox_relay(
    engine: Annotated[AsyncEngine, Depends(Stub(AsyncEngine))],
    bus: Annotated[EventBus, Depends(Stub(EventBus))],
    signal: Annotated[OutboxSignal, Depends(Stub(OutboxSignal))],
    settings: Annotated[Settings, Depends(Stub(Settings))],
) -> OutboxRelay:
    return SqlOutboxRelay(engine, bus, signal, settings.outbox_poll, settings.retention)


async def readiness(
    engine: Annotated[AsyncEngine, Depends(Stub(AsyncEngine))], bus: Annotated[EventBus, Depends(Stub(EventBus))]
) -> ReadinessCheck:
    return SystemReadinessCheck(engine, bus)


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
    OutboxRelay: outbox_relay,
    ReadinessCheck: readiness,
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


async def open_instances(settings: Settings, clock: Clock, stack: AsyncExitStack) -> dict[type[Any], object]:
    """What lives as long as the process; `stack` closes it, last opened first."""
    engine = await stack.enter_async_context(open_engine(settings.database_url))
    bus = await stack.enter_async_context(open_event_bus(settings, SERVICE["name"]))
    sessions = make_sessions(engine)
    tokens = await stack.enter_async_context(open_token_repository(settings, sessions, clock))
    return {
        Settings: settings,
        AsyncEngine: engine,
        Sessions: sessions,
        OutboxSignal: OutboxSignal(),
        EventBus: bus,
        EventCodec: JsonEventCodec(EVENTS, UPCASTERS, SERVICE["name"]),
        Outbox: SqlOutbox(engine),
        Inbox: SqlInbox(engine, sessions),
        DeadLetters: SqlDeadLetters(sessions),
        TokenRepository: tokens,
        UserReader: SqlUserReader(engine),
        SignupReader: SqlSignupReader(engine),
        EmailSender: make_email_sender(settings.smtp_url, settings.email_from),
        DeliveryMetrics: PrometheusDeliveryMetrics(),
        PasswordHasher: Argon2PasswordHasher(),
        IdGenerator: Uuid7Generator(),
        Clock: clock,
    }


@asynccontextmanager
async def open_container(settings: Settings, overrides: Overrides | None = None) -> AsyncIterator[Container]:
    """Open everything, and check that every need of every binding is met. Raise `StartupError`."""
    async with AsyncExitStack() as stack:
        fakes = dict(overrides or {})
        clock = cast(Clock, fakes.get(Clock, SystemClock()))
        instances = await open_instances(settings, clock, stack)
        bindings: dict[type[Any], Factory] = {key: instance(value) for key, value in instances.items()}
        bindings |= {**FACTORIES, **{port: instance(fake) for port, fake in fakes.items()}}
        container = Container(bindings)
        for subscription in SUBSCRIPTIONS:
            container.require(subscription.handler, f"subscription {subscription.consumer!r}")
        yield container


def install(app: FastAPI, container: Container) -> None:
    """Let the endpoints of `app` be served. Raise `StartupError` if one asks for what is not bound."""
    app.state.container = container
    for route in iter_route_contexts(app.routes):
        dependants = [dependant] if (dependant := getattr(route, "dependant", None)) else []
        while dependants:
            dependant = dependants.pop()
            dependants += dependant.dependencies
            if isinstance(dependant.call, Stub):
                container.require(dependant.call.abstraction, f"{sorted(route.methods or ())} {route.path}")
