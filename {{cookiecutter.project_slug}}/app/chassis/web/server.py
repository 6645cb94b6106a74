"""What every server of this service has, whatever it serves: errors, limits, health and metrics."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI

from app.chassis.settings import ChassisSettings
from app.chassis.web import health, scraping
from app.chassis.web.body_limit import BodyLimitMiddleware
from app.chassis.web.errors import install_errors
from app.chassis.web.middleware import RequestMiddleware, StartupFailureMiddleware

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_server(settings: ChassisSettings, service: dict[str, str], lifespan: Lifespan, *, docs: bool) -> FastAPI:
    """A server without routes of the business. `lifespan` puts the machine into `app.state.machine`."""
    app = FastAPI(
        title=service["title"],
        description=service["description"],
        lifespan=lifespan,
        openapi_url="/openapi.json" if docs else None,
    )
    app.add_middleware(BodyLimitMiddleware, limit=settings.max_body_bytes)
    app.add_middleware(RequestMiddleware)
    app.add_middleware(StartupFailureMiddleware)
    app.include_router(health.router)
    app.include_router(scraping.router)
    install_errors(app)
    return app
