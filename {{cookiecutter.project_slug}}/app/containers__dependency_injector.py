"""The composition root: the one place where ports meet adapters, and only `main` imports it."""

import inspect
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import Context
from typing import Any, TypeVar, cast

from dependency_injector import containers, providers
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

T = TypeVar("T")
Overrides = Mapping[type[Any], object]


class Container(containers.DeclarativeContainer):
    """A `Singleton` lives as long as the process, a `ContextLocalSingleton` as long as a scope.

    Synchronous on purpose: an async Resource would turn every provider above it into a Future. So what must be opened
    and closed is a `Dependency`, handed in by `open_resources`.
    """

    settings = providers.Dependency(instance_of=Settings)
    database: providers.Provider[Database] = providers.Dependency()
    bus: providers.Provider[EventBus] = providers.Dependency()
    tokens: providers.Provider[TokenRepository] = providers.Dependency()

    codec = providers.Singleton(EventCodec, EVENTS, UPCASTERS, SERVICE["name"])
    outbox = providers.Singleton(Outbox, database, codec)
    user_reader = providers.Singleton(SqlUserReader, database)
    signup_reader = providers.Singleton(SqlSignupReader, database)
    emails = providers.Singleton(make_email_sender, settings.provided.smtp_url, settings.provided.email_from)
    hasher = providers.Singleton(Argon2PasswordHasher)
    ids = providers.Singleton(Uuid7Generator)
    clock = providers.Singleton(SystemClock)

    uow = providers.ContextLocalSingleton(SqlUnitOfWork, database, outbox)
    register_user = providers.ContextLocalSingleton(RegisterUserHandler, uow=uow, hasher=hasher, ids=ids, clock=clock)
    get_user = providers.ContextLocalSingleton(GetUserHandler, users=user_reader)
    list_users = providers.ContextLocalSingleton(ListUsersHandler, users=user_reader)
    list_daily_signups = providers.ContextLocalSingleton(ListDailySignupsHandler, signups=signup_reader)
    send_welcome_email = providers.ContextLocalSingleton(SendWelcomeEmail, emails=emails)
    record_signup = providers.ContextLocalSingleton(RecordSignup, uow=uow)
    record_last_seen = providers.ContextLocalSingleton(RecordLastSeen, uow=uow)
    sign_in = providers.ContextLocalSingleton(
        SignInHandler, uow=uow, users=user_reader, tokens=tokens, hasher=hasher, clock=clock
    )
    sign_out = providers.ContextLocalSingleton(SignOutHandler, tokens=tokens)
    get_user_by_token = providers.ContextLocalSingleton(GetUserByTokenHandler, tokens=tokens, users=user_reader)


PORTS: Mapping[type[Any], str] = {
    Settings: "settings",
    Database: "database",
    EventBus: "bus",
    TokenRepository: "tokens",
    UserReader: "user_reader",
    SignupReader: "signup_reader",
    EmailSender: "emails",
    PasswordHasher: "hasher",
    IdGenerator: "ids",
    Clock: "clock",
    UnitOfWork: "uow",
}
"""The provider of each port. What is not listed is asked for by the class that its provider makes."""


async def open_resources(container: containers.Container, stack: AsyncExitStack) -> None:
    """Hand in what must be opened, but for what an override stands in for; `stack` closes it, last opened first."""
    settings = container.settings()
    if not container.database.overridden:
        container.database.override(await stack.enter_async_context(open_database(settings, SERVICE["name"], HISTORY)))
    if not container.bus.overridden:
        container.bus.override(await stack.enter_async_context(open_event_bus(settings, SERVICE["name"])))
    if not container.tokens.overridden:
        tokens = open_token_repository(settings, container.database(), container.clock())
        container.tokens.override(await stack.enter_async_context(tokens))


class Scope:
    """What is made for one request or one message, asked for by type or by the name of its provider.

    Each scope has a context of its own, which is where a `ContextLocalSingleton` keeps what it made. So scopes share
    nothing, whether they are nested, or open at once in one task or in several.
    """

    def __init__(self, by_type: Mapping[type[Any], providers.Provider[Any]], by_name: containers.Container) -> None:
        self._by_type = by_type
        self._by_name = by_name
        self._context = Context()

    async def get(self, dependency_type: type[T]) -> T:
        return cast(T, self._context.run(self._by_type[dependency_type]))

    def provide(self, name: str) -> Any:
        return self._context.run(getattr(self._by_name, name))


class Scopes:
    """Opens scopes of a container that is complete. Raise `StartupError` if it is not."""

    def __init__(self, container: containers.Container) -> None:
        self.container = container
        self._providers = _by_type(container)

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Scope]:
        yield self.make_scope()

    def make_scope(self) -> Scope:
        return Scope(self._providers, self.container)

    def override(self, port: type[Any], fake: object) -> None:
        if port not in self._providers:
            raise StartupError(f"cannot override {port.__name__}: nothing is bound to it, see app/containers.py")
        self._providers[port].override(providers.Object(fake))

    def check(self, needs: Mapping[type[Any], str]) -> None:
        for name, provider in self.container.providers.items():
            if isinstance(provider, providers.Factory | providers.BaseSingleton):
                self._check_provider(name, provider)
        for need, place in needs.items():
            self._require(need, place)

    def _check_provider(self, name: str, provider: providers.Factory[Any] | providers.BaseSingleton[Any]) -> None:
        place = f"{getattr(provider.provides, '__name__', '?')} ({name})"
        try:
            signature = inspect.signature(provider.provides)  # type: ignore[arg-type]
            given = signature.bind_partial(*provider.args, **provider.kwargs).arguments
        except TypeError as error:
            raise StartupError(f"{place}: {error}: see app/containers.py") from error
        for parameter in signature.parameters.values():
            argument = given.get(parameter.name, parameter.default)
            if argument is parameter.empty and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise _unbound(parameter.annotation, place)
            if argument in self.container.providers.values() and isinstance(parameter.annotation, type):
                self._require(parameter.annotation, place)
            if isinstance(provider, providers.Singleton) and isinstance(argument, providers.ContextLocalSingleton):
                raise StartupError(f"{place} outlives the {parameter.name} that it needs: see app/containers.py")

    def _require(self, need: type[Any], place: str) -> None:
        if need not in self._providers:
            raise _unbound(need, place)


@asynccontextmanager
async def open_container(
    settings: Settings, overrides: Overrides | None = None, needs: Mapping[type[Any], str] | None = None
) -> AsyncIterator[Scopes]:
    """Open everything, and check that every need of every provider is met. Raise `StartupError`.

    `needs`: what is asked for by type, and by whom.
    """
    scopes = Scopes(Container(settings=settings))
    for port, fake in (overrides or {}).items():
        scopes.override(port, fake)
    scopes.check(needs or {})
    async with AsyncExitStack() as stack:
        await open_resources(scopes.container, stack)
        yield scopes


def install(app: FastAPI, scopes: Scopes) -> None:
    """Let the endpoints of `app` be served. Raise `StartupError` if one asks for what is not bound."""
    app.state.scopes = scopes
    for route in iter_route_contexts(app.routes):
        for parameter, provider in getattr(route.endpoint, "injected", {}).items():
            if provider not in scopes.container.providers:
                raise _unbound(provider, f"{parameter} of {sorted(route.methods or ())} {route.path}")


def _by_type(container: containers.Container) -> dict[type[Any], providers.Provider[Any]]:
    found: dict[type[Any], providers.Provider[Any]] = {}
    ports = {name: port for port, name in PORTS.items()}
    for name, provider in container.providers.items():
        key = ports.pop(name, None) or getattr(provider, "provides", None)
        if not isinstance(key, type) or key in found:
            raise StartupError(f"what {name} provides is in PORTS of app/containers.py under no port, or under two")
        found[key] = provider
    if ports:
        raise StartupError(f"PORTS of app/containers.py names a provider that is not there: {', '.join(ports)}")
    return found


def _unbound(what: Any, place: str) -> StartupError:
    port = getattr(what, "__name__", str(what))
    return StartupError(f"nothing is bound to {port}, which {place} needs: see app/containers.py")
