import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.chassis.settings import ChassisSettings
from app.chassis.web.server import create_server
from app.core.exceptions import StartupError
from tests.chassis.conftest import make_settings, only_sqlite
from tests.chassis.serving import serving
from tests.chassis.test_errors import is_problem

pytestmark = only_sqlite  # no database is asked


@pytest.fixture
async def client(machine_settings: ChassisSettings) -> AsyncIterator[AsyncClient]:
    async with serving(machine_settings, runs=False) as served:
        yield served.client


@pytest.fixture
async def narrow(machine_settings: ChassisSettings) -> AsyncIterator[AsyncClient]:
    async with serving(machine_settings, runs=False, max_body_bytes=100) as served:
        yield served.client


async def test_a_request_keeps_the_id_it_came_with(client: AsyncClient) -> None:
    answer = await client.get("/health/live", headers={"x-request-id": "abc-1"})
    assert answer.headers["x-request-id"] == "abc-1"


@pytest.mark.parametrize("forged", ["abc def", "a" * 65, "", "a\tb", "{}"])
async def test_a_request_id_that_could_forge_a_log_line_is_replaced(client: AsyncClient, forged: str) -> None:
    answer = await client.get("/health/live", headers={"x-request-id": forged})
    assert answer.headers["x-request-id"] != forged
    assert len(answer.headers["x-request-id"]) == 36


async def test_each_request_is_one_line_in_the_log_but_probes_are_not(
    client: AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for path in ("/health/ready", "/metrics", "/nowhere"):
        await client.get(path)
    lines = [record for record in caplog.records if record.message == "request"]
    assert [(line.__dict__["path"], line.__dict__["status"]) for line in lines] == [("/nowhere", 404)]


async def test_a_body_that_is_too_large_is_refused(narrow: AsyncClient) -> None:
    assert is_problem(await narrow.post("/things", json={"name": "x" * 200, "password": ""}), 413)


async def test_a_body_in_chunks_that_never_said_how_large_it_is_is_refused(narrow: AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 10

    answer = await narrow.post("/things", content=chunks(), headers={"content-type": "application/json"})
    assert is_problem(answer, 413)


async def test_a_body_of_just_the_limit_is_taken(narrow: AsyncClient) -> None:
    body = b'{"name": "", "password": ""}'
    answer = await narrow.post("/things", content=body.ljust(100), headers={"content-type": "application/json"})
    assert answer.status_code == 201


async def test_the_server_says_in_one_line_why_the_service_cannot_start(url: str) -> None:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        raise StartupError("the moon is full")
        yield

    app = create_server(make_settings(database_url=url), {"title": "", "description": ""}, lifespan, docs=False)
    sent: list[object] = []

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup"}

    async def send(message: object) -> None:
        sent.append(message)

    with pytest.raises(StartupError):
        await app({"type": "lifespan", "state": {}}, receive, send)
    assert sent == [{"type": "lifespan.startup.failed", "message": "cannot start: the moon is full"}]
