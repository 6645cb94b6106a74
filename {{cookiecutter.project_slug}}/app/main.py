"""The compositions: every way to start this service is here, and each can be started with fakes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.application.registry import SUBSCRIPTIONS
from app.config import SERVICE, Settings
from app.containers import Overrides, install, open_container
from app.core.exceptions import StartupError
from app.interfaces.api import health
from app.interfaces.api.body_limit import BodyLimitMiddleware
from app.interfaces.api.errors import install_errors
from app.interfaces.api.middleware import RequestMiddleware, StartupFailureMiddleware
from app.interfaces.api.v1.router import router
from app.interfaces.consumers.worker import event_processing
from app.logs import configure_logging


def create_app(settings: Settings | None = None, overrides: Overrides | None = None) -> FastAPI:
    """The web process: API and relay. Tests pass `overrides={Port: fake}`; a server passes nothing."""
    settings = settings or _settings_of_this_process()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_container(settings, overrides) as container:
            install(app, container)
            async with event_processing(
                container, SUBSCRIPTIONS, settings.retry, settings.shutdown_grace, consume=False
            ):
                yield

    app = FastAPI(title=SERVICE["title"], description=SERVICE["description"], lifespan=lifespan)
    app.add_middleware(BodyLimitMiddleware, limit=settings.max_body_bytes)
    app.add_middleware(RequestMiddleware)
    app.add_middleware(StartupFailureMiddleware)
    app.include_router(health.router)
    app.include_router(router)
    install_errors(app)
    return app


def _settings_of_this_process() -> Settings:
    try:
        settings = Settings.load()
    except StartupError as error:
        raise SystemExit(f"cannot start: {error}") from None
    configure_logging(settings.log_format, settings.log_level)
    return settings
