import pytest
from dishka import Provider, Scope, provide
from dishka.integrations.fastapi import FromDishka
from fastapi import APIRouter, FastAPI

from app import containers
from app.application.ports import UnitOfWork
from app.application.user.event_handlers import RecordSignup
from app.config import Settings
from app.core.exceptions import StartupError
from app.interfaces.api.deps import InjectedRoute


class Unbound: ...


async def start(settings: Settings, app: FastAPI | None = None) -> None:
    async with containers.open_container(settings) as container:
        containers.install(app or FastAPI(), container)


def without(name: str) -> type[Provider]:
    """The use cases as they are, but for one binding."""

    class Reduced(Provider):
        scope = Scope.REQUEST

    for key, value in vars(containers.UseCases).items():
        if not key.startswith("_") and key not in (name, "scope"):
            setattr(Reduced, key, value)
    return Reduced


async def test_a_missing_binding_fails_the_start_with_port_and_place(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "UseCases", without("uow"))
    with pytest.raises(StartupError, match=rf"nothing is bound to {UnitOfWork.__name__}, which \w+ needs"):
        await start(settings)


async def test_an_endpoint_that_asks_for_what_is_not_bound_fails_the_start(settings: Settings) -> None:
    app, router = FastAPI(), APIRouter(route_class=InjectedRoute)

    @router.get("/lonely")
    async def lonely(what: FromDishka[Unbound]) -> None: ...

    app.include_router(router)
    with pytest.raises(StartupError, match=r"nothing is bound to Unbound, which what of \['GET'\] /lonely needs"):
        await start(settings, app)


async def test_what_is_bound_twice_fails_the_start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    class Twice(containers.UseCases):
        again = provide(RecordSignup)

    monkeypatch.setattr(containers, "UseCases", Twice)
    with pytest.raises(StartupError, match=r"Detected multiple factories for .*RecordSignup"):
        await start(settings)


async def test_what_lives_long_must_not_keep_what_lives_in_a_scope(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stale(containers.UseCases):
        record_signup = provide(RecordSignup, scope=Scope.APP)

    monkeypatch.setattr(containers, "UseCases", Stale)
    with pytest.raises(StartupError, match="nothing is bound to UnitOfWork, which RecordSignup needs"):
        await start(settings)
