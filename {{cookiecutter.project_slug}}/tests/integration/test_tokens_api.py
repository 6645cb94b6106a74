import pytest
from httpx2 import AsyncClient

from app.domain.user.value_objects import Password
from app.infrastructure.system import Argon2PasswordHasher
from tests.chassis.waiting import eventually

ADA = {"email": "ada@example.com", "password": "correct horse"}


@pytest.fixture
async def token(client: AsyncClient) -> str:
    await client.post("/api/v1/users", json=ADA)
    answer = await client.post("/api/v1/tokens", json=ADA)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("bearer", 12 * 60 * 60)
    return str(body["access_token"])


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_signs_in_says_who_it_is_and_signs_out(client: AsyncClient, token: str) -> None:
    me = await client.get("/api/v1/users/me", headers=bearer(token))
    assert (me.status_code, me.json()["email"]) == (200, "ada@example.com")
    assert (await client.delete("/api/v1/tokens", headers=bearer(token))).status_code == 204
    assert (await client.get("/api/v1/users/me", headers=bearer(token))).status_code == 401


async def test_signing_in_is_noted_as_last_seen(client: AsyncClient, token: str) -> None:
    async def seen() -> bool:
        me = (await client.get("/api/v1/users/me", headers=bearer(token))).json()
        return bool(me["last_seen_at"] is not None and me["last_seen_at"] >= me["registered_at"])

    await eventually(seen)


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer unknown"}, {"authorization": "Basic YTpi"}, {"authorization": "Bearer"}]
)
async def test_returns_401_without_a_valid_token(client: AsyncClient, headers: dict[str, str]) -> None:
    for answer in (
        await client.get("/api/v1/users/me", headers=headers),
        await client.delete("/api/v1/tokens", headers=headers),
    ):
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:problem:invalid-token"


async def test_a_wrong_password_and_an_unknown_email_are_refused_alike(client: AsyncClient) -> None:
    await client.post("/api/v1/users", json=ADA)
    answers = [
        await client.post("/api/v1/tokens", json={**ADA, **wrong})
        for wrong in ({"password": "wrong horse"}, {"email": "bob@example.com"}, {"email": "nonsense"})
    ]
    bodies = [{**answer.json(), "request_id": None} for answer in answers]
    assert {answer.status_code for answer in answers} == {401}
    assert bodies[0] == bodies[1] == bodies[2]


async def test_an_unknown_email_costs_the_same_work_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher, verified = Argon2PasswordHasher(), []
    known = await hasher.hash(Password("correct horse"))
    verify = hasher._hash.verify

    def noting_verify(password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002 - the library's name
        verified.append(str(hash).rsplit("$", 2)[0])
        return verify(password, hash)

    monkeypatch.setattr(hasher._hash, "verify", noting_verify)
    assert await hasher.verify("correct horse", known) is True
    assert await hasher.verify("wrong horse", known) is False
    assert await hasher.verify("wrong horse", None) is False
    assert await hasher.verify("nobody's password", None) is False
    assert len(verified) == 4
    assert len(set(verified)) == 1, "one cost for all"
