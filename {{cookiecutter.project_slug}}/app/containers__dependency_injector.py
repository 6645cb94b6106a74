"""The composition root: the one place where ports meet adapters, and only `main` imports it."""

import inspect
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar, cast

from dependency_injector import containers, providers
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

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
from app.core.exceptions import StartupError
from app.core.metrics import DeliveryMetrics
from app.domain.user.services import PasswordHasher
from app.infrastructure.db.dead_letters import SqlDeadLetters
from app.infrastructure.db.engine import make_sessions, open_engine
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

T = TypeVar("T")
Overrides = Mapping[type[Any], object]


class Container(containers.DeclarativeContainer):
    """Synchronous on purpose: an async Resource would turn every provider above it into a Future.

    So what must be opened and closed comes in from outside, as a Dependency.
    """

    settings = providers.Dependency(instance_of=Settings)
    engine = providers.Dependency(instance_of=AsyncEngine)
    sessions = providers.Dependency(instance_of=async_sessionmaker)
    bus: providers.Provider[EventBus] = providers.Dependency()
    tokens: providers.Provider[TokenRepository] = providers.Dependency()

    signal = providers.Singleton(OutboxSignal)
    codec = providers.Singleton(JsonEventCodec, EVENTS, UPCASTERS, SERVICE["name"])
    relay = providers.Singleton(
        SqlOutboxRelay, engine, bus, signal, settings.provided.outbox_poll, settings.provided.retention
    )
    outbox = providers.Singleton(SqlOutbox, engine)
    inbox = providers.Singleton(SqlInbox, engine, sessions)
    dead_letters = providers.Singleton(SqlDeadLetters, sessions)
    user_reader = providers.Singleton(SqlUserReader, engine)
    signup_reader = providers.Singleton(SqlSignupReader, engine)
    readiness = providers.Singleton(SystemReadinessCheck, engine, bus)
    emails = providers.Singleton(make_email_sender, settings.provided.smtp_url, settings.provided.email_from)
    metrics = providers.Singleton(PrometheusDeliveryMetrics)
    hasher = providers.Singleton(Argon2PasswordHasher)
    ids = providers.Singleton(Uuid7Generator)
    clock = providers.Singleton(SystemClock)

    uow = providers.Factory(SqlUnitOfWork, sessions, codec, signal)
    register_user = providers.Factory(RegisterUserHandler, uow=uow, hasher=hasher, ids=ids, clock=clock)
    get_user = providers.Factory(GetUserHandler, users=user_reader)
    list_users = providers.Factory(ListUsersHandler, users=user_reader)
    list_daily_signups = providers.Factory(ListDailySignupsHandler, signups=signup_reader)
    send_welcome_email = providers.Factory(SendWelcomeEmail, emails=emails)
    record_signup = providers.Factory(RecordSignup, uow=uow)
    record_last_seen = providers.Factory(RecordLastSeen, uow=uow)
    sign_in = providers.Factory(SignInHandler, uow=uow, users=user_reader, tokens=tokens, hasher=hasher, clock=clock)
    sign_out = providers.Factory(SignOutHandler, tokens=tokens)
    get_user_by_token = providers.Factory(GetUserByTokenHandler, tokens=tokens, users=user_reader)


NAME_OF: Mapping[type[Any], str] = {
    EventBus: "bus",
    EventCodec: "codec",
    OutboxRelay: "relay",
    Outbox: "outbox",
    Inbox: "inbox",
    DeadLetters: "dead_letters",
    UserReader: "user_reader",
    SignupReader: "signup_reader",
    ReadinessCheck: "readiness",
    EmailSender: "emails",
    DeliveryMetrics: "metrics",
    PasswordHasher: "hasher",
    IdGenerator: "ids",
    Clock: "clock",
    TokenRepository: "tokens",
    UnitOfWork: "uow",
    RegisterUserHandler: "register_user",
    GetUserHandler: "get_user",
    SendWelcomeEmail: "send_welcome_email",
    RecordSignup: "record_signup",
    RecordLastSeen: "record_last_seen",
}
"""Providers have names, ports are types: this is the translation, for overrides, event handlers and commands."""


class Scope:
    """The container, asked by type. Factories make a new object each time, so no scope sees another's."""

    def __init__(self, container: containers.Container) -> None:
        self.container = container

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["Scope"]:
        yield self

    async def get(self, dependency_type: type[T]) -> T:
        return cast(T, getattr(self.container, NAME_OF[dependency_type])())


@asynccontextmanager
async def open_container(settings: Settings, overrides: Overrides | None = None) -> AsyncIterator[Scope]:
    """Open everything, and check that every need of every provider is met. Raise `StartupError`."""
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_engine(settings.database_url))
        sessions = make_sessions(engine)
        tokens = open_token_repository(settings, sessions, cast(Clock, (overrides or {}).get(Clock, SystemClock())))
        container = Container(
            settings=settings,
            engine=engine,
            sessions=providers.Object(sessions),
            bus=providers.Object(await stack.enter_async_context(open_event_bus(settings, SERVICE["name"]))),
            tokens=providers.Object(await stack.enter_async_context(tokens)),
        )
        for port, fake in (overrides or {}).items():
            getattr(container, NAME_OF[port]).override(providers.Object(fake))
        for name, provider in container.providers.items():
            if isinstance(provider, providers.Factory | providers.Singleton):
                _check(name, provider)
        for subscription in SUBSCRIPTIONS:
            if not hasattr(container, NAME_OF.get(subscription.handler, "")):
                raise _unbound(subscription.handler.__name__, f"the subscription {subscription.consumer!r}")
        yield Scope(container)


def install(app: FastAPI, scope: Scope) -> None:
    """Let the endpoints of `app` be served. Raise `StartupError` if one asks for what is not bound."""
    app.state.container = scope.container
    for route in iter_route_contexts(app.routes):
        for parameter, mark in getattr(route.endpoint, "injected", {}).items():
            if not hasattr(scope.container, mark):
                raise _unbound(mark, f"{parameter} of {sorted(route.methods or ())} {route.path}")


def _check(name: str, provider: providers.Factory[Any] | providers.Singleton[Any]) -> None:
    target = provider.provides
    if target is None:
        raise _unbound("anything", name)
    parameters = list(inspect.signature(target).parameters.values())
    for parameter in parameters[len(provider.args) :]:
        if parameter.default is parameter.empty and parameter.name not in provider.kwargs:
            port = getattr(parameter.annotation, "__name__", str(parameter.annotation))
            raise _unbound(port, f"{target.__name__} ({name})")


def _unbound(what: str, place: str) -> StartupError:
    return StartupError(f"nothing is bound to {what}, which {place} needs: see app/containers.py")
