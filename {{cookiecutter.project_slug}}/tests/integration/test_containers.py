"""What a container means: the same in every style of dependency injection."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from httpx2 import ASGITransport, AsyncClient

from app import containers, main
from app.application.ports import Clock, IdGenerator, UnitOfWork
from app.application.registry import SUBSCRIPTIONS
from app.application.token import handlers as token_handlers
from app.application.token.handlers import SignInHandler
from app.application.user import handlers as user_handlers
from app.application.user.event_handlers import RecordSignup
from app.application.user.handlers import RegisterUserHandler
from app.chassis.codec import EventCodec
from app.chassis.sql.database import Database, open_database
from app.chassis.sql.outbox import Outbox
from app.config import SERVICE, Settings
from app.containers import install, open_container
from app.core.events import EventBus
from app.core.exceptions import StartupError
from app.core.scope import OpenScope, Scope
from app.infrastructure.db.tables import HISTORY
from app.interfaces.api.deps import InjectedRoute, RegisterUser, SignIn
from app.main import create_app
from tests.chassis.waiting import eventually
from tests.conftest import NewDatabase, Serving
from tests.fakes import CountingIds, MovableClock


class Unbound: ...


def classes_of(module: ModuleType) -> set[type[Any]]:
    return {kind for kind in vars(module).values() if inspect.isclass(kind) and kind.__module__ == module.__name__}


HANDLERS = (
    {handler for module in (user_handlers, token_handlers) for handler in classes_of(module)}
    | {subscription.handler for subscription in SUBSCRIPTIONS}
    | set(main.NEEDS)
)
PORTS = {parameter.annotation for kind in HANDLERS for parameter in inspect.signature(kind).parameters.values()}
ALL: set[type[Any]] = {*HANDLERS, *PORTS, Settings, Database, Outbox, EventBus, EventCodec}

ADA = {"email": "ada@example.com", "password": "correct horse"}


def uow_of(handler: object) -> object:
    return vars(handler)["_uow"]


@pytest.fixture
def database_url(new_database: NewDatabase) -> Iterator[str]:
    """One kind of database is enough here."""
    with new_database("sqlite") as url:
        yield url


@pytest.fixture
async def open_scope(settings: Settings) -> AsyncIterator[OpenScope]:
    async with open_container(settings) as container:
        yield container


async def test_two_handlers_of_one_scope_share_the_unit_of_work(open_scope: OpenScope) -> None:
    async with open_scope() as scope:
        register, sign_in = await scope.get(RegisterUserHandler), await scope.get(SignInHandler)
        assert uow_of(register) is uow_of(sign_in) is await scope.get(UnitOfWork)


async def test_a_scope_makes_a_handler_once_and_another_scope_makes_it_anew(open_scope: OpenScope) -> None:
    async with open_scope() as one, open_scope() as other:
        assert await one.get(RecordSignup) is await one.get(RecordSignup)
        assert await one.get(RecordSignup) is not await other.get(RecordSignup)
        assert await one.get(UnitOfWork) is not await other.get(UnitOfWork)


async def test_a_scope_inside_another_has_a_unit_of_work_of_its_own(open_scope: OpenScope) -> None:
    async with open_scope() as outer:
        before = await outer.get(UnitOfWork)
        async with open_scope() as inner:
            assert await inner.get(UnitOfWork) is not before
        assert await outer.get(UnitOfWork) is before


async def test_a_scope_may_be_used_by_another_task(open_scope: OpenScope) -> None:
    async with open_scope() as scope:
        uow = await scope.get(UnitOfWork)
        assert await asyncio.create_task(ask(scope)) is uow


async def ask(scope: Scope) -> UnitOfWork:
    return await scope.get(UnitOfWork)


async def test_scopes_of_concurrent_tasks_share_nothing(open_scope: OpenScope) -> None:
    async def handle() -> tuple[object, object]:
        async with open_scope() as scope:
            first = uow_of(await scope.get(RegisterUserHandler))
            await asyncio.sleep(0)
            assert uow_of(await scope.get(RecordSignup)) is first
            child = await asyncio.create_task(in_a_scope_of_its_own())
            assert await scope.get(UnitOfWork) is first
            return first, child

    async def in_a_scope_of_its_own() -> object:
        async with open_scope() as scope:
            await asyncio.sleep(0)
            return await scope.get(UnitOfWork)

    pairs = await asyncio.gather(*(handle() for _ in range(50)))
    assert len({id(uow) for pair in pairs for uow in pair}) == 100


async def test_concurrent_requests_have_a_unit_of_work_each(settings: Settings) -> None:
    seen: list[tuple[object, object]] = []
    router = APIRouter(route_class=InjectedRoute)

    @router.get("/both")
    async def both(register: RegisterUser, sign_in: SignIn) -> None:
        seen.append((uow_of(register), uow_of(sign_in)))
        await asyncio.sleep(0)

    app = FastAPI()
    app.include_router(router)
    async with open_container(settings) as container, client_of(app) as client:
        install(app, container)
        answers = await asyncio.gather(*(client.get("/both") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert all(one is other for one, other in seen)
    assert len({id(uow) for uow, _ in seen}) == 20


async def test_users_registered_at_once_are_all_there_and_counted(serving: Serving) -> None:
    async with serving() as client:
        bodies = [{"email": f"user{number}@example.com", "password": "correct horse"} for number in range(10)]
        answers = await asyncio.gather(*(client.post("/api/v1/users", json=body) for body in bodies))
        assert {answer.status_code for answer in answers} == {201}

        async def all_are_counted() -> bool:
            days = (await client.get("/api/v1/signups")).json()["items"]
            return bool(sum(day["count"] for day in days) == 10)

        await eventually(all_are_counted)


async def test_every_handler_and_port_can_be_had_from_a_scope(open_scope: OpenScope) -> None:
    async with open_scope() as scope:
        for kind in ALL:
            assert await scope.get(kind) is not None


async def test_what_is_neither_use_case_nor_transaction_lives_as_long_as_the_process(open_scope: OpenScope) -> None:
    async with open_scope() as one, open_scope() as other:
        for kind in ALL:
            shared = await one.get(kind) is await other.get(kind)
            assert shared is (kind not in {UnitOfWork, *HANDLERS}), kind


async def test_every_handler_and_port_can_be_overridden(settings: Settings) -> None:
    fakes = {kind: object() for kind in ALL - {Settings}}
    async with open_container(settings, fakes) as container, container() as scope:
        for kind, fake in fakes.items():
            assert await scope.get(kind) is fake


async def test_an_overridden_port_reaches_whoever_needs_it(settings: Settings) -> None:
    ids = CountingIds()
    async with open_container(settings, {IdGenerator: ids}) as container, container() as scope:
        assert vars(await scope.get(RegisterUserHandler))["_ids"] is ids


async def test_an_overridden_port_reaches_what_is_opened_at_the_start(serving: Serving) -> None:
    clock = MovableClock()
    async with serving({Clock: clock}) as client:
        await client.post("/api/v1/users", json=ADA)
        token = (await client.post("/api/v1/tokens", json=ADA)).json()["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        assert (await client.get("/api/v1/users/me", headers=headers)).status_code == 200
        clock.move(timedelta(days=1))
        assert (await client.get("/api/v1/users/me", headers=headers)).status_code == 401


async def test_what_is_overridden_is_never_opened(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_database(settings, SERVICE["name"], HISTORY) as database:
        monkeypatch.delattr(containers, "open_database")
        monkeypatch.delattr(containers, "open_event_bus")
        fakes: dict[type[Any], object] = {Database: database, EventBus: object()}
        async with open_container(settings, fakes) as container, container() as scope:
            assert await scope.get(Database) is database


async def test_an_override_of_what_is_not_bound_is_refused(settings: Settings) -> None:
    with pytest.raises(StartupError, match="cannot override Unbound: nothing is bound to it"):
        async with open_container(settings, {Unbound: Unbound()}):
            pass


@pytest.mark.parametrize("place", ["subscription 'lonely'", "the command line", "the job 'lonely'"])
async def test_what_any_door_asks_for_and_is_not_bound_fails_the_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(main, "NEEDS", {**main.NEEDS, Unbound: place})
    with pytest.raises(StartupError, match=f"nothing is bound to Unbound, which {place} needs: see app/containers.py"):
        async with serve(settings):
            pass


@asynccontextmanager
async def serve(settings: Settings) -> AsyncIterator[FastAPI]:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app


async def test_what_was_opened_is_closed_also_if_the_start_fails(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []

    @asynccontextmanager
    async def open_noting(*arguments: Any) -> AsyncIterator[Database]:
        async with open_database(*arguments) as database:
            log.append("opened")
            try:
                yield database
            finally:
                log.append("closed")

    def away(*_: object) -> None:
        raise StartupError("the broker is away")

    monkeypatch.setattr(containers, "open_database", open_noting)
    async with open_container(settings):
        assert log == ["opened"]
    assert log == ["opened", "closed"]
    monkeypatch.setattr(containers, "open_event_bus", away)
    with pytest.raises(StartupError, match="the broker is away"):
        async with open_container(settings):
            pass
    assert log == ["opened", "closed"] * 2


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        yield client
