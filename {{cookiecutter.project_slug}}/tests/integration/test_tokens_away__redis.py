"""The token store is a server of its own here: while it is away, those who ask for it are told so."""

import pytest

from app.application.token.ports import TokenRepository
from app.infrastructure.system import SystemClock
from app.infrastructure.tokens import RedisTokenRepository, connect
from tests.conftest import Serving

NOBODY = "redis://127.0.0.1:1/0"


@pytest.mark.parametrize(("method", "path"), [("GET", "/users/me"), ("GET", "/users"), ("DELETE", "/tokens")])
async def test_returns_503_while_tokens_cannot_be_looked_up(serving: Serving, method: str, path: str) -> None:
    async with connect(NOBODY) as redis, serving({TokenRepository: RedisTokenRepository(redis, SystemClock())}) as web:
        answer = await web.request(method, f"/api/v1{path}", headers={"authorization": "Bearer token"})
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.json()["type"] == "urn:problem:tokens-unavailable"


async def test_returns_503_for_signing_in_but_registers_users(serving: Serving) -> None:
    body = {"email": "ada@example.com", "password": "correct horse"}
    async with connect(NOBODY) as redis, serving({TokenRepository: RedisTokenRepository(redis, SystemClock())}) as web:
        assert (await web.post("/api/v1/users", json=body)).status_code == 201
        assert (await web.post("/api/v1/tokens", json=body)).status_code == 503
