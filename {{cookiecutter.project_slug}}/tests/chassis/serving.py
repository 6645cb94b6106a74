"""The server of the machine with a few routes of the sample, in the process of the test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import APIRouter, FastAPI, Query
from httpx2 import ASGITransport, AsyncClient
from pydantic import BaseModel

from app.chassis.settings import ChassisSettings
from app.chassis.sql.database import open_database
from app.chassis.sql.revision import MACHINE
from app.chassis.web.errors import documented
from app.chassis.web.paging import Paging
from app.chassis.web.server import create_server
from app.core.exceptions import (
    ConflictError,
    DomainError,
    InvalidValueError,
    NotFoundError,
    UnauthorizedError,
    UnavailableError,
)
from app.core.subscriptions import Subscription
from tests.chassis.local_bus import LocalBus
from tests.chassis.sample_machine import SERVICE, SampleMachine, make_machine

SECRET = "hunter2-hunter2"
router = APIRouter(prefix="/things")


class TakenError(ConflictError):
    code: ClassVar[str] = "taken"
    message: ClassVar[str] = "This is taken."


ERRORS: dict[str, type[DomainError]] = {
    "missing": NotFoundError,
    "taken": TakenError,
    "unauthorized": UnauthorizedError,
    "invalid": InvalidValueError,
    "unavailable": UnavailableError,
    "rule": DomainError,
}


class Thing(BaseModel):
    name: str
    password: str


@router.post("", status_code=201)
async def make(thing: Thing) -> dict[str, str]:
    return {"name": thing.name}


@router.get("/pages")
async def pages(page: Paging, tag: Annotated[str, Query()] = "") -> dict[str, Any]:
    return {"after": page.after, "limit": page.limit}


@router.get("/errors/{kind}", responses=documented(404, 409))
async def fail(kind: str) -> None:
    if kind in ERRORS:
        raise ERRORS[kind]
    raise RuntimeError(f"the password is {SECRET}")


@router.get("/{thing_id}")
async def one(thing_id: UUID) -> dict[str, str]:
    return {"id": str(thing_id)}


@dataclass
class Served:
    client: AsyncClient
    machine: SampleMachine
    app: FastAPI


@asynccontextmanager
async def serving(
    settings: ChassisSettings,
    *subscriptions: Subscription,
    handlers: tuple[object, ...] = (),
    bus: LocalBus | None = None,
    runs: bool = True,
    **changes: Any,
) -> AsyncIterator[Served]:
    """`runs`: whether the machine works in the background."""
    settings = settings.model_copy(update=changes)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_database(settings, SERVICE, MACHINE) as database:
            app.state.machine = make_machine(settings, database, subscriptions, handlers, bus)
            async with app.state.machine.running(consume=True) if runs else nullcontext():
                yield

    app = create_server(settings, {"title": "Sample", "description": ""}, lifespan, docs=True)
    app.include_router(router)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://test") as client,
    ):
        yield Served(client, app.state.machine, app)
