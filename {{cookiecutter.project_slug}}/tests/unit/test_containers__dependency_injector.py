from collections.abc import Mapping
from typing import Annotated, Any

import pytest
from dependency_injector import providers
from dependency_injector.wiring import Provide
from fastapi import APIRouter, FastAPI

from app import containers
from app.application.ports import UnitOfWork
from app.application.user.event_handlers import RecordSignup
from app.application.user.handlers import GetUserHandler
from app.application.user.ports import UserReader
from app.config import Settings
from app.core.exceptions import StartupError
from app.interfaces.api.deps import InjectedRoute

Container = containers.Container


@pytest.fixture
def settings() -> Settings:
    """Nothing is opened here: what is wrong is found before."""
    return Settings()


async def start(settings: Settings) -> None:
    async with containers.open_container(settings):
        pass


async def test_a_missing_binding_fails_the_start_with_port_and_place(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Incomplete(Container):
        record_signup = providers.ContextLocalSingleton(RecordSignup)

    monkeypatch.setattr(containers, "Container", Incomplete)
    place = r"RecordSignup \(record_signup\)"
    with pytest.raises(StartupError, match=f"nothing is bound to UnitOfWork, which {place} needs"):
        await start(settings)


async def test_an_argument_that_nobody_takes_fails_the_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wrong(Container):
        get_user = providers.ContextLocalSingleton(GetUserHandler, readers=Container.user_reader)

    monkeypatch.setattr(containers, "Container", Wrong)
    with pytest.raises(StartupError, match=r"GetUserHandler \(get_user\): .* unexpected keyword argument 'readers'"):
        await start(settings)


async def test_what_lives_long_must_not_keep_what_lives_in_a_scope(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Keeper:
        def __init__(self, uow: UnitOfWork) -> None: ...

    class Stale(Container):
        keeper = providers.Singleton(Keeper, uow=Container.uow)

    monkeypatch.setattr(containers, "Container", Stale)
    with pytest.raises(StartupError, match=r"Keeper \(keeper\) outlives the uow that it needs"):
        await start(settings)


@pytest.mark.parametrize(
    ("ports", "line"),
    [
        ({UserReader: None}, "nothing is bound to UserReader, which GetUserHandler"),
        ({object: "no_such_provider"}, "names a provider that is not there: no_such_provider"),
        ({UnitOfWork: None, RecordSignup: "uow"}, "what record_signup provides is .* under no port, or under two"),
    ],
)
async def test_ports_that_do_not_fit_the_providers_fail_the_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, ports: Mapping[type[Any], str | None], line: str
) -> None:
    changed = {port: name for port, name in {**containers.PORTS, **ports}.items() if name}
    monkeypatch.setattr(containers, "PORTS", changed)
    with pytest.raises(StartupError, match=line):
        await start(settings)


async def test_an_endpoint_that_asks_for_what_is_not_bound_fails_the_start(settings: Settings) -> None:
    app, router = FastAPI(), APIRouter(route_class=InjectedRoute)

    @router.get("/lonely")
    async def lonely(what: Annotated[object, Provide["unbound"]]) -> None: ...

    app.include_router(router)
    with pytest.raises(StartupError, match=r"nothing is bound to unbound, which what of \['GET'\] /lonely needs"):
        containers.install(app, containers.Scopes(Container(settings=settings)))
