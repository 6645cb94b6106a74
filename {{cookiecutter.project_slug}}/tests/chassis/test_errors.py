import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from app.domain.user.services import PasswordHasher
from tests.conftest import Serving

SECRET = "hunter2-hunter2"
ADA = {"email": "ada@example.com", "password": SECRET}


def is_problem(answer: Response, status: int) -> bool:
    body: dict[str, Any] = answer.json()
    return (
        answer.status_code == body["status"] == status
        and answer.headers["content-type"] == "application/problem+json"
        and body["request_id"] == answer.headers["x-request-id"]
    )


class ExplodingHasher:
    async def hash(self, password: object) -> str:
        raise RuntimeError(f"cannot hash {SECRET}")


async def test_returns_500_without_the_text_of_the_exception(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving({PasswordHasher: ExplodingHasher()}) as client:
        answer = await client.post("/api/v1/users", json=ADA)
    assert is_problem(answer, 500)
    assert SECRET not in answer.text
    assert "request failed" in caplog.messages


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"email": "ada@example.com"}, "body.password"),
        ({"email": 5, "password": SECRET}, "body.email"),
        ({"email": "ada@example.com", "password": [SECRET]}, "body.password"),
    ],
)
async def test_returns_422_that_says_where_but_quotes_no_input(client: AsyncClient, body: Any, place: str) -> None:
    answer = await client.post("/api/v1/users", json=body)
    assert is_problem(answer, 422)
    assert [error["at"] for error in answer.json()["errors"]] == [place]
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"email": "ada", "password": SECRET}, "urn:problem:invalid-email"),
        ({"email": "ada@example.com", "password": "short"}, "urn:problem:weak-password"),
    ],
)
async def test_returns_422_for_values_the_domain_refuses(client: AsyncClient, body: Any, problem: str) -> None:
    answer = await client.post("/api/v1/users", json=body)
    assert is_problem(answer, 422)
    assert answer.json()["type"] == problem


async def test_returns_413_for_a_body_that_is_too_large(serving: Serving) -> None:
    async with serving(max_body_bytes=100) as client:
        answer = await client.post("/api/v1/users", json={**ADA, "padding": "x" * 200})
    assert is_problem(answer, 413)


async def test_returns_413_for_a_body_in_chunks_that_never_said_how_large_it_is(serving: Serving) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 10

    async with serving(max_body_bytes=100) as client:
        answer = await client.post("/api/v1/users", content=chunks(), headers={"content-type": "application/json"})
    assert is_problem(answer, 413)


@pytest.mark.parametrize(
    ("send", "status"),
    [
        (lambda c: c.get("/nowhere"), 404),
        (lambda c: c.delete("/api/v1/users"), 405),
        (lambda c: c.get("/api/v1/users/no-uuid"), 422),
        (lambda c: c.get("/api/v1/signups?limit=0"), 422),
        (lambda c: c.post("/api/v1/users", content=b"{", headers={"content-type": "application/json"}), 422),
    ],
)
async def test_every_refusal_is_a_problem(client: AsyncClient, send: Callable[[AsyncClient], Any], status: int) -> None:
    assert is_problem(await send(client), status)


async def test_a_request_keeps_the_id_it_came_with(client: AsyncClient) -> None:
    answer = await client.get("/health/live", headers={"x-request-id": "abc-1"})
    assert answer.headers["x-request-id"] == "abc-1"


async def test_a_request_id_that_could_forge_a_log_line_is_replaced(client: AsyncClient) -> None:
    answer = await client.get("/health/live", headers={"x-request-id": "abc def"})
    assert answer.headers["x-request-id"] != "abc def"


async def test_no_password_reaches_a_log(client: AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await client.post("/api/v1/users", json=ADA)
    await client.post("/api/v1/users", json=ADA)
    await client.post("/api/v1/users", json={"password": [SECRET]})
    assert SECRET not in caplog.text
