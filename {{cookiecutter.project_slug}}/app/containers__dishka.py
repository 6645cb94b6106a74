"""The composition root: the one place where ports meet adapters, and only `main` imports it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from inspect import signature
from typing import Any

from dishka import STRICT_VALIDATION, AsyncContainer, Provider, Scope, from_context, make_async_container, provide
from dishka.entities.key import DependencyKey
from dishka.exceptions import InvalidGraphError, NoFactoryError, NothingOverriddenError
from dishka.integrations.base import default_parse_dependency
from dishka.integrations.fastapi import FastapiProvider
from dishka.registry import Registry
from fastapi import FastAPI
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
from app.core.exceptions import StartupError
from app.domain.user.services import PasswordHasher
from app.infrastructure.db.signups import SqlSignupReader
from app.infrastructure.db.tables import HISTORY
from app.infrastructure.db.unit_of_work import SqlUnitOfWork
from app.infrastructure.db.users import SqlUserReader
from app.infrastructure.email import make_email_sender
from app.infrastructure.system import Argon2PasswordHasher, SystemClock, Uuid7Generator
from app.infrastructure.tokens import open_token_repository

Overrides = Mapping[type[Any], object]


class Adapters(Provider):
    """What lives as long as the process."""

    scope = Scope.APP

    settings = from_context(provides=Settings)

    @provide
    async def database(self, settings: Settings) -> AsyncIterator[Database]:
        async with open_database(settings, SERVICE["name"], HISTORY) as database:
            yield database

    @provide
    async def bus(self, settings: Settings) -> AsyncIterator[EventBus]:
        async with open_event_bus(settings, SERVICE["name"]) as bus:
            yield bus

    @provide
    async def tokens(self, settings: Settings, database: Database, clock: Clock) -> AsyncIterator[TokenRepository]:
        async with open_token_repository(settings, database, clock) as tokens:
            yield tokens

    @provide
    def codec(self) -> EventCodec:
        return EventCodec(EVENTS, UPCASTERS, SERVICE["name"])

    @provide
    def emails(self, settings: Settings) -> EmailSender:
        return make_email_sender(settings.smtp_url, settings.email_from)

    outbox = provide(Outbox)
    user_reader = provide(SqlUserReader, provides=UserReader)
    signup_reader = provide(SqlSignupReader, provides=SignupReader)
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
async def open_container(
    settings: Settings, overrides: Overrides | None = None, needs: Mapping[type[Any], str] | None = None
) -> AsyncIterator[AsyncContainer]:
    """Open everything, and check that every need of every binding is met. Raise `StartupError`.

    `needs`: what is asked for by type, and by whom.
    """
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
    except NothingOverriddenError as error:
        port = _name(error.factory.provides)
        raise StartupError(f"cannot override {port}: nothing is bound to it, see app/containers.py") from error
    except InvalidGraphError as error:
        raise StartupError(" ".join(str(error).split())) from error
    try:
        for need, place in (needs or {}).items():
            _require(container, DependencyKey(need, ""), place)
        for opened in (Database, EventBus):  # dishka is lazy: what can fail should fail now
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
    return StartupError(f"nothing is bound to {_name(key)}, which {place} needs: see app/containers.py")


def _name(key: DependencyKey) -> str:
    return getattr(key.type_hint, "__name__", str(key.type_hint))
