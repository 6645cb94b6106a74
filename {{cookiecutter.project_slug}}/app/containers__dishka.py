"""The composition root: the one place where ports meet adapters, and only `main` imports it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from inspect import signature
from typing import Any

from dishka import STRICT_VALIDATION, AsyncContainer, Provider, Scope, from_context, make_async_container, provide
from dishka.entities.key import DependencyKey
from dishka.exceptions import NoFactoryError
from dishka.integrations.base import default_parse_dependency
from dishka.integrations.fastapi import FastapiProvider
from dishka.registry import Registry
from fastapi import FastAPI
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
from app.core.exceptions import StartupError
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

Overrides = Mapping[type[Any], object]


class Adapters(Provider):
    """What lives as long as the process."""

    scope = Scope.APP

    settings = from_context(provides=Settings)

    @provide
    async def engine(self, settings: Settings) -> AsyncIterator[AsyncEngine]:
        async with open_engine(settings.database_url) as engine:
            yield engine

    @provide
    async def bus(self, settings: Settings) -> AsyncIterator[EventBus]:
        async with open_event_bus(settings, SERVICE["name"]) as bus:
            yield bus

    @provide
    async def tokens(self, settings: Settings, sessions: Sessions, clock: Clock) -> AsyncIterator[TokenRepository]:
        async with open_token_repository(settings, sessions, clock) as tokens:
            yield tokens

    @provide
    def codec(self) -> EventCodec:
        return JsonEventCodec(EVENTS, UPCASTERS, SERVICE["name"])

    @provide
    def relay(self, engine: AsyncEngine, bus: EventBus, signal: OutboxSignal, settings: Settings) -> OutboxRelay:
        return SqlOutboxRelay(engine, bus, signal, settings.outbox_poll, settings.retention)

    @provide
    def emails(self, settings: Settings) -> EmailSender:
        return make_email_sender(settings.smtp_url, settings.email_from)

    sessions = provide(staticmethod(make_sessions))
    signal = provide(OutboxSignal)
    inbox = provide(SqlInbox, provides=Inbox)
    outbox = provide(SqlOutbox, provides=Outbox)
    dead_letters = provide(SqlDeadLetters, provides=DeadLetters)
    user_reader = provide(SqlUserReader, provides=UserReader)
    signup_reader = provide(SqlSignupReader, provides=SignupReader)
    readiness = provide(SystemReadinessCheck, provides=ReadinessCheck)
    metrics = provide(PrometheusDeliveryMetrics, provides=DeliveryMetrics)
    hasher = provide(Argon2PasswordHasher, provides=PasswordHasher)
    ids = provide(Uuid7Generator, provides=IdGenerator)
    clock = provide(SystemClock, provides=Clock)


class UseCases(Provider):
    """What is made anew for each request and each delivered event."""

    scope = Scope.REQUEST

    uow = provide(SqlUnitOfWork, provides=UnitOfWork)
    register_user = provide(RegisterUserHandler)
    get_user = provide(GetUserHandler)
    list_users = provide(ListUsersHandler)
    list_daily_signups = provide(ListDailySignupsHandler)
    send_welcome_email = provide(SendWelcomeEmail)
    record_signup = provide(RecordSignup)
    record_last_seen = provide(RecordLastSeen)
    sign_in = provide(SignInHandler)
    sign_out = provide(SignOutHandler)
    get_user_by_token = provide(GetUserByTokenHandler)


@asynccontextmanager
async def open_container(settings: Settings, overrides: Overrides | None = None) -> AsyncIterator[AsyncContainer]:
    """Open everything, and check that every need of every binding is met. Raise `StartupError`."""
    try:
        container = make_async_container(
            Adapters(),
            UseCases(),
            FastapiProvider(),
            _fakes(overrides or {}),
            context={Settings: settings},
            validation_settings=STRICT_VALIDATION,
        )
    except NoFactoryError as error:
        place = error.path[-1].source.__qualname__ if error.path else "the container"
        raise _unbound(error.requested, place) from error
    try:
        for subscription in SUBSCRIPTIONS:
            _require(container, DependencyKey(subscription.handler, ""), f"subscription {subscription.consumer!r}")
        for opened in (AsyncEngine, EventBus):  # dishka is lazy: what can fail should fail now
            await container.get(opened)
        yield container
    finally:
        await container.close()


def install(app: FastAPI, container: AsyncContainer) -> None:
    """Let the endpoints of `app` be served. Raise `StartupError` if one asks for what is not bound."""
    app.state.dishka_container = container
    for route in iter_route_contexts(app.routes):
        endpoint = getattr(route.endpoint, "__dishka_orig_func__", None)
        for parameter in signature(endpoint).parameters.values() if endpoint else ():
            if key := default_parse_dependency(parameter, parameter.annotation):
                _require(container, key, f"{parameter.name} of {sorted(route.methods or ())} {route.path}")


def _fakes(overrides: Overrides) -> Provider:
    provider = Provider(scope=Scope.APP)
    for port, fake in overrides.items():
        provider.provide(_constant(fake), provides=port, override=True)
    return provider


def _constant(value: object) -> Callable[[], object]:
    return lambda: value


def _require(container: AsyncContainer, key: DependencyKey, place: str) -> None:
    registry: Registry | None = container.registry
    while registry is not None:
        if registry.get_factory(key):
            return
        registry = registry.child_registry
    raise _unbound(key, place)


def _unbound(key: DependencyKey, place: str) -> StartupError:
    port = getattr(key.type_hint, "__name__", str(key.type_hint))
    return StartupError(f"nothing is bound to {port}, which {place} needs: see app/containers.py")
