from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI

from app import containers
from app.application.ports import Clock, UnitOfWork
from app.application.user.event_handlers import RecordSignup
from app.config import Settings
from app.core.exceptions import StartupError
from app.domain.user.services import PasswordHasher
from app.stubs import Container, Stub, instance


class Unbound: ...


async def start(settings: Settings, app: FastAPI | None = None) -> None:
    async with containers.open_container(settings) as container:
        containers.install(app or FastAPI(), container)


def unbind(key: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    rest = {bound: factory for bound, factory in containers.FACTORIES.items() if bound is not key}
    monkeypatch.setattr(containers, "FACTORIES", rest)


async def test_a_missing_binding_fails_the_start_with_port_and_place(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbind(UnitOfWork, monkeypatch)
    with pytest.raises(StartupError, match=r"nothing is bound to UnitOfWork, which \w+\(\) needs"):
        await start(settings)


async def test_an_endpoint_that_asks_for_what_is_not_bound_fails_the_start(settings: Settings) -> None:
    app, router = FastAPI(), APIRouter()

    @router.get("/lonely")
    async def lonely(_: Annotated[Unbound, Depends(Stub(Unbound))]) -> None: ...

    app.include_router(router)
    with pytest.raises(StartupError, match=r"nothing is bound to Unbound, which \['GET'\] /lonely needs"):
        await start(settings, app)


async def test_an_event_handler_that_is_not_bound_fails_the_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbind(RecordSignup, monkeypatch)
    with pytest.raises(StartupError, match="nothing is bound to RecordSignup, which subscription 'record-signup'"):
        await start(settings)


def test_bindings_that_go_round_in_a_circle_are_refused() -> None:
    async def clock(_: Annotated[PasswordHasher, Depends(Stub(PasswordHasher))]) -> Clock: ...  # type: ignore[empty-body]

    async def hasher(_: Annotated[Clock, Depends(Stub(Clock))]) -> PasswordHasher: ...  # type: ignore[empty-body]

    with pytest.raises(StartupError, match="circle: Clock -> PasswordHasher -> Clock"):
        Container({Clock: clock, PasswordHasher: hasher})


def test_a_factory_may_ask_for_nothing_but_stubs() -> None:
    async def factory(dsn: str = "") -> Clock: ...  # type: ignore[empty-body]

    with pytest.raises(StartupError, match=r"factory\(dsn\) must be"):
        Container({Clock: factory})


async def test_a_scope_makes_each_thing_once_and_another_scope_makes_it_anew() -> None:
    class Made: ...

    async def make() -> Made:
        return Made()

    container = Container({Made: make, int: instance(5)})
    async with container() as one, container() as other:
        assert await one.get(Made) is await one.get(Made)
        assert await one.get(Made) is not await other.get(Made)
        assert await one.get(int) == 5
