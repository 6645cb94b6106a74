import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from app.chassis.settings import ChassisSettings
from tests.chassis.conftest import only_sqlite
from tests.chassis.serving import SECRET, serving

pytestmark = only_sqlite  # no database is asked

THING = {"name": "one", "password": SECRET}


@pytest.fixture
async def client(machine_settings: ChassisSettings) -> AsyncIterator[AsyncClient]:
    async with serving(machine_settings, runs=False) as served:
        yield served.client


def is_problem(answer: Response, status: int) -> bool:
    body: dict[str, Any] = answer.json()
    return (
        answer.status_code == body["status"] == status
        and answer.headers["content-type"] == "application/problem+json"
        and body["request_id"] == answer.headers["x-request-id"]
    )


async def test_returns_500_without_the_text_of_the_exception(
    client: AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await client.get("/things/errors/bug")
    assert is_problem(answer, 500)
    assert SECRET not in answer.text
    assert "request failed" in caplog.messages


@pytest.mark.parametrize(
    ("kind", "status", "problem"),
    [
        ("missing", 404, "urn:problem:domain-error"),
        ("taken", 409, "urn:problem:taken"),
        ("unauthorized", 401, "urn:problem:domain-error"),
        ("invalid", 422, "urn:problem:domain-error"),
        ("unavailable", 503, "urn:problem:domain-error"),
        ("rule", 400, "urn:problem:domain-error"),
    ],
)
async def test_each_kind_of_error_of_the_domain_has_its_status(
    client: AsyncClient, kind: str, status: int, problem: str
) -> None:
    answer = await client.get(f"/things/errors/{kind}")
    assert is_problem(answer, status)
    assert answer.json()["type"] == problem
    assert ("www-authenticate" in answer.headers) == (status == 401)


async def test_a_refusal_by_the_domain_says_why(client: AsyncClient) -> None:
    assert (await client.get("/things/errors/taken")).json()["detail"] == "This is taken."


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"name": "one"}, "body.password"),
        ({"name": 5, "password": SECRET}, "body.name"),
        ({"name": "one", "password": [SECRET]}, "body.password"),
    ],
)
async def test_returns_422_that_says_where_but_quotes_no_input(client: AsyncClient, body: Any, place: str) -> None:
    answer = await client.post("/things", json=body)
    assert is_problem(answer, 422)
    assert [error["at"] for error in answer.json()["errors"]] == [place]
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("send", "status"),
    [
        (lambda c: c.get("/nowhere"), 404),
        (lambda c: c.delete("/things"), 405),
        (lambda c: c.get("/things/no-uuid"), 422),
        (lambda c: c.get("/things/pages?limit=0"), 422),
        (lambda c: c.get("/things/pages?limit=101"), 422),
        (lambda c: c.get("/things/pages?after=x"), 422),
        (lambda c: c.post("/things", content=b"{", headers={"content-type": "application/json"}), 422),
        (lambda c: c.post("/things", content=b"\xff", headers={"content-type": "application/json"}), 400),
    ],
)
async def test_every_refusal_is_a_problem(client: AsyncClient, send: Callable[[AsyncClient], Any], status: int) -> None:
    assert is_problem(await send(client), status)


async def test_the_errors_are_in_the_description_of_the_api(client: AsyncClient) -> None:
    answers = (await client.get("/openapi.json")).json()["paths"]["/things/errors/{kind}"]["get"]["responses"]
    assert "application/problem+json" in answers["409"]["content"]


async def test_no_password_reaches_a_log(client: AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await client.post("/things", json=THING)
    await client.post("/things", json={"password": [SECRET]})
    assert caplog.messages
    assert SECRET not in caplog.text
