"""The compositions: every way to start this service is here, and each can be started with fakes."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import typer
from fastapi import FastAPI

from app.application.registry import SUBSCRIPTIONS
from app.chassis.cli.commands import make_cli
from app.chassis.cli.session import Session
from app.chassis.codec import EventCodec
from app.chassis.logs import configure_logging
from app.chassis.machine import Machine
from app.chassis.sql.database import Database
from app.chassis.sql.migrating import upgrade
from app.chassis.sql.outbox import Outbox
from app.chassis.sql.revision import MACHINE
from app.chassis.web.server import create_server
from app.config import SERVICE, Settings
from app.containers import Overrides, install, open_container
from app.core.events import EventBus
from app.core.exceptions import StartupError
from app.core.scope import OpenScope
from app.infrastructure.db.tables import HISTORY
from app.interfaces.api.v1.router import router
from app.interfaces.cli import users
from app.interfaces.consumers import shop

TRANSLATIONS = (*shop.TRANSLATIONS,)
COMMANDS = {"users": users.make_commands}
# What is asked for by type, and by whom: unbound, it fails the start.
NEEDS = {
    **{subscription.handler: f"subscription {subscription.consumer!r}" for subscription in SUBSCRIPTIONS},
    **dict.fromkeys(users.USE_CASES, "the command line"),
}


def create_app(settings: Settings | None = None, overrides: Overrides | None = None) -> FastAPI:
    """The web process: API and relay. Tests pass `overrides={Port: fake}`; a server passes nothing."""
    settings = settings or _settings_of_this_process()
    app = _create_server(settings, overrides, consume=False)
    app.include_router(router)
    return app


def create_worker(settings: Settings | None = None, overrides: Overrides | None = None) -> FastAPI:
    """The worker process: fetcher, event handlers and relay. Over HTTP it serves only health and metrics."""
    settings = settings or _settings_of_this_process()
    return _create_server(settings, overrides, consume=True)


def create_cli(settings: Settings | None = None, overrides: Overrides | None = None) -> typer.Typer:
    """The command line: `python -m app`."""

    @asynccontextmanager
    async def open_session() -> AsyncIterator[Session]:
        chosen = settings
        if chosen is None:
            chosen = Settings.load()
            configure_logging(chosen.log_format, "ERROR")
        async with open_container(chosen, overrides, NEEDS) as container:
            yield Session(container, await _make_machine(container, chosen))

    def migrate() -> None:
        try:
            upgrade((settings or Settings.load()).database_url, (MACHINE, HISTORY))
        except StartupError as error:
            sys.exit(f"cannot migrate: {error}")

    return make_cli(open_session, migrate, COMMANDS)


def _create_server(settings: Settings, overrides: Overrides | None, *, consume: bool) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_container(settings, overrides, NEEDS) as container:
            install(app, container)
            app.state.machine = await _make_machine(container, settings)
            async with app.state.machine.running(consume=consume):
                yield

    return create_server(settings, SERVICE, lifespan, docs=not consume)


async def _make_machine(open_scope: OpenScope, settings: Settings) -> Machine:
    async with open_scope() as scope:
        return Machine(
            settings,
            await scope.get(Database),
            await scope.get(Outbox),
            await scope.get(EventBus),
            await scope.get(EventCodec),
            open_scope,
            SUBSCRIPTIONS,
            TRANSLATIONS,
        )


def _settings_of_this_process() -> Settings:
    try:
        settings = Settings.load()
    except StartupError as error:
        raise SystemExit(f"cannot start: {error}") from None
    configure_logging(settings.log_format, settings.log_level)
    return settings
