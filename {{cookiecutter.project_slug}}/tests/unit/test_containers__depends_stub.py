from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI

from app import containers
from app.application.ports import Clock, UnitOfWork
from app.config import Settings
from app.core.exceptions import StartupError
from app.domain.user.services import PasswordHasher
from app.stubs import Container, Stub, instance


class Unbound: ...


class Made:
    def __init__(self, clock: object = None) -> None:
        self.clock = clock


async def make() -> Made:
    return Made()


async def make_with_clock(clock: Annotated[Clock, Depends(Stub(Clock))]) -> Made:
    return Made(clock)


async def test_a_missing_binding_fails_the_start_with_port_and_place(monkeypatch: pytest.MonkeyPatch) -> None:
    rest = {bound: factory for bound, factory in containers.FACTORIES.items() if bound is not UnitOfWork}
    monkeypatch.setattr(containers, "FACTORIES", rest)
    with pytest.raises(StartupError, match=r"nothing is bound to UnitOfWork, which \w+\(\) needs"):
        async with containers.open_container(Settings()):
            pass


def test_an_endpoint_that_asks_for_what_is_not_bound_fails_the_start() -> None:
    app, router = FastAPI(), APIRouter()

    @router.get("/lonely")
    async def lonely(_: Annotated[Unbound, Depends(Stub(Unbound))]) -> None: ...

    app.include_router(router)
    with pytest.raises(StartupError, match=r"nothing is bound to Unbound, which \['GET'\] /lonely needs"):
        containers.install(app, Container({}, {}))


def test_bindings_that_go_round_in_a_circle_are_refused() -> None:
    async def clock(_: Annotated[PasswordHasher, Depends(Stub(PasswordHasher))]) -> Clock: ...  # type: ignore[empty-body]

    async def hasher(_: Annotated[Clock, Depends(Stub(Clock))]) -> PasswordHasher: ...  # type: ignore[empty-body]

    with pytest.raises(StartupError, match="circle: Clock -> PasswordHasher -> Clock"):
        Container({}, {Clock: clock, PasswordHasher: hasher}).check()


def test_a_factory_may_ask_for_nothing_but_stubs() -> None:
    async def factory(dsn: str = "") -> Clock: ...  # type: ignore[empty-body]

    with pytest.raises(StartupError, match=r"factory\(dsn\) must be"):
        Container({}, {Clock: factory})


async def test_what_lives_as_long_as_the_process_is_made_once_and_closed_at_the_end() -> None:
    log: list[str] = []

    async def clock() -> AsyncIterator[object]:
        log.append("opened")
        yield "a clock"
        log.append("closed")

    container = Container({Made: make_with_clock, Clock: clock}, {})
    container.check()
    async with AsyncExitStack() as stack:
        await container.open(stack)
        async with container() as one, container() as other:
            assert await one.get(Made) is await other.get(Made)
            assert (await one.get(Made)).clock == "a clock"
    assert log == ["opened", "closed"]


def test_only_what_lives_as_long_as_the_process_may_yield() -> None:
    async def clock() -> AsyncIterator[object]:
        yield "a clock"

    with pytest.raises(StartupError, match=r"clock\(\) must return"):
        Container({}, {Clock: clock}).check()


def test_what_lives_long_must_not_keep_what_lives_in_a_scope() -> None:
    with pytest.raises(StartupError, match=r"make_with_clock\(\) outlives the clock that it needs"):
        Container({Made: make_with_clock}, {Clock: instance("a clock")}).check()


async def test_a_dependency_override_of_fastapi_reaches_whoever_needs_the_port() -> None:
    app = FastAPI()
    container = Container({Clock: instance("a clock")}, {Made: make_with_clock})
    async with AsyncExitStack() as stack:
        await container.open(stack)
    container.serve(app)
    app.dependency_overrides[Stub(Clock)] = instance("another clock")
    async with container() as scope:
        assert (await scope.get(Made)).clock == "another clock"
    app.dependency_overrides.clear()
    async with container() as scope:
        assert (await scope.get(Made)).clock == "a clock"


def test_a_dependency_override_of_what_is_not_bound_is_refused() -> None:
    app = FastAPI()
    app.dependency_overrides[Stub(Unbound)] = instance(Unbound())
    with pytest.raises(StartupError, match="cannot override Unbound: nothing is bound to it"):
        containers.install(app, Container({}, {}))
