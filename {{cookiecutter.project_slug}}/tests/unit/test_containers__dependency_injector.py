from typing import Annotated

import pytest
from dependency_injector import providers
from fastapi import APIRouter, FastAPI

from app import containers
from app.application.user.event_handlers import RecordSignup
from app.config import Settings
from app.core.exceptions import StartupError
from app.interfaces.api.deps import InjectedRoute, Provided


async def start(settings: Settings, app: FastAPI | None = None) -> None:
    async with containers.open_container(settings) as container:
        containers.install(app or FastAPI(), container)


async def test_a_missing_binding_fails_the_start_with_port_and_place(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Incomplete(containers.Container):
        record_signup = providers.Factory(RecordSignup)

    monkeypatch.setattr(containers, "Container", Incomplete)
    with pytest.raises(
        StartupError, match=r"nothing is bound to UnitOfWork, which RecordSignup \(record_signup\) needs"
    ):
        await start(settings)


async def test_an_endpoint_that_asks_for_what_is_not_bound_fails_the_start(settings: Settings) -> None:
    app, router = FastAPI(), APIRouter(route_class=InjectedRoute)

    @router.get("/lonely")
    async def lonely(what: Annotated[object, Provided(by="unbound")]) -> None: ...

    app.include_router(router)
    with pytest.raises(StartupError, match=r"nothing is bound to unbound, which what of \['GET'\] /lonely needs"):
        await start(settings, app)


async def test_an_event_handler_that_is_not_bound_fails_the_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(containers.NAME_OF, RecordSignup)
    with pytest.raises(StartupError, match="nothing is bound to RecordSignup, which the subscription 'record-signup'"):
        await start(settings)
