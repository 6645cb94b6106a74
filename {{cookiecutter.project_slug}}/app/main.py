"""The compositions: every way to start this service is here, and each can be started with fakes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import typer
from fastapi import FastAPI

from app.application.registry import SUBSCRIPTIONS
from app.config import SERVICE, Settings
from app.containers import Overrides, install, open_container
from app.core.exceptions import StartupError
from app.core.foreign import Translations
from app.core.message_bus import assemble
from app.interfaces.api import health, metrics
from app.interfaces.api.body_limit import BodyLimitMiddleware
from app.interfaces.api.errors import install_errors
from app.interfaces.api.middleware import RequestMiddleware, StartupFailureMiddleware
from app.interfaces.api.v1.router import router
from app.interfaces.cli.commands import make_cli
from app.interfaces.cli.session import Session
from app.interfaces.consumers import shop
from app.interfaces.consumers.worker import event_processing
from app.logs import configure_logging

TRANSLATIONS = Translations(*shop.TRANSLATIONS)


def create_app(settings: Settings | None = None, overrides: Overrides | None = None) -> FastAPI:
    """The web process: API and relay. Tests pass `overrides={Port: fake}`; a server passes nothing."""
    settings = settings or _settings_of_this_process()
    app = _create_server(settings, overrides, consume=False)
    app.include_router(router)
    return app


def create_worker(settings: Settings | None = None, overrides: Overrides | None = None) -> FastAPI:
    """The worker process: consumer and relay. Over HTTP it serves only health and metrics."""
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
        async with open_container(chosen, overrides) as container:
            yield Session(container, await assemble(container, SUBSCRIPTIONS, TRANSLATIONS, chosen.retry))

    return make_cli(open_session)


def _create_server(settings: Settings, overrides: Overrides | None, *, consume: bool) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_container(settings, overrides) as container:
            install(app, container)
            message_bus = await assemble(container, SUBSCRIPTIONS, TRANSLATIONS, settings.retry)
            async with event_processing(container, message_bus, settings.shutdown_grace, consume=consume):
                yield

    docs = None if consume else "/openapi.json"
    app = FastAPI(title=SERVICE["title"], description=SERVICE["description"], lifespan=lifespan, openapi_url=docs)
    app.add_middleware(BodyLimitMiddleware, limit=settings.max_body_bytes)
    app.add_middleware(RequestMiddleware)
    app.add_middleware(StartupFailureMiddleware)
    app.include_router(health.router)
    app.include_router(metrics.router)
    install_errors(app)
    return app


def _settings_of_this_process() -> Settings:
    try:
        settings = Settings.load()
    except StartupError as error:
        raise SystemExit(f"cannot start: {error}") from None
    configure_logging(settings.log_format, settings.log_level)
    return settings
