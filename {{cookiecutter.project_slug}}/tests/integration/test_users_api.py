import asyncio
from uuid import UUID

import pytest
from httpx2 import AsyncClient

from app.application.ports import IdGenerator
from tests.chassis.waiting import eventually
from tests.conftest import Serving
from tests.fakes import CountingIds, MailBox

ADA = {"email": "Ada@Example.com", "password": "correct horse"}


async def test_registers_a_user_and_shows_it(client: AsyncClient) -> None:
    registered = await client.post("/api/v1/users", json=ADA)
    assert registered.status_code == 201
    user_id = registered.json()["id"]
    assert registered.headers["location"] == f"/api/v1/users/{user_id}"
    shown = await client.get(registered.headers["location"])
    assert shown.status_code == 200
    assert shown.json().keys() == {"id", "email", "registered_at", "last_seen_at"}
    assert (shown.json()["id"], shown.json()["email"]) == (user_id, "ada@example.com")


async def test_the_server_makes_the_id(serving: Serving) -> None:
    async with serving({IdGenerator: CountingIds()}) as client:
        answer = await client.post("/api/v1/users", json={**ADA, "id": str(UUID(int=99))})
    assert answer.json() == {"id": str(UUID(int=1))}


async def test_returns_409_when_the_email_is_taken_in_whatever_case(client: AsyncClient) -> None:
    await client.post("/api/v1/users", json=ADA)
    answer = await client.post("/api/v1/users", json={**ADA, "email": "ADA@EXAMPLE.COM"})
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:problem:email-taken"


async def test_one_wins_when_many_register_the_same_email_at_once(client: AsyncClient, mailbox: MailBox) -> None:
    answers = await asyncio.gather(*(client.post("/api/v1/users", json=ADA) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    await eventually(lambda: len(mailbox.mails) == 1)


async def test_returns_404_for_an_unknown_user(client: AsyncClient) -> None:
    answer = await client.get(f"/api/v1/users/{UUID(int=5)}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:problem:user-not-found"


async def test_a_registration_is_welcomed_and_counted(client: AsyncClient, mailbox: MailBox) -> None:
    for name in ("ada", "bob", "eve"):
        await client.post("/api/v1/users", json={**ADA, "email": f"{name}@example.com"})

    async def counted() -> bool:
        items = (await client.get("/api/v1/signups")).json()["items"]
        return [item["count"] for item in items] == [3]

    await eventually(counted)
    await eventually(lambda: {m.to.value for m in mailbox.mails} == {f"{n}@example.com" for n in ("ada", "bob", "eve")})


async def test_concurrent_registrations_each_have_a_transaction_of_their_own(client: AsyncClient) -> None:
    answers = await asyncio.gather(
        *(client.post("/api/v1/users", json={**ADA, "email": f"user{n}@example.com"}) for n in range(20))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 20


async def test_the_api_describes_only_what_a_caller_sends(client: AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    register = paths["/api/v1/users"]["post"]
    assert "parameters" not in register
    assert list(register["requestBody"]["content"]) == ["application/json"]
    assert [p["name"] for p in paths["/api/v1/signups"]["get"]["parameters"]] == ["limit"]
    assert set(register["responses"]["409"]["content"]) == {"application/problem+json"}


async def test_lists_users_page_by_page_for_whoever_has_signed_in(client: AsyncClient) -> None:
    for n in range(5):
        await client.post("/api/v1/users", json={**ADA, "email": f"user{n}@example.com"})
    token = (await client.post("/api/v1/tokens", json={**ADA, "email": "user0@example.com"})).json()["access_token"]
    headers, pages, after = {"authorization": f"Bearer {token}"}, [], ""
    while True:
        page = (await client.get(f"/api/v1/users?limit=2{after}", headers=headers)).json()
        pages.append([user["email"] for user in page["items"]])
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [email for page in pages for email in page] == [f"user{n}@example.com" for n in range(5)]


async def test_lists_no_users_for_strangers(client: AsyncClient) -> None:
    assert (await client.get("/api/v1/users")).status_code == 401


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "after=nobody"])
async def test_returns_422_for_a_page_that_cannot_be(client: AsyncClient, query: str) -> None:
    answer = await client.get(f"/api/v1/users?{query}", headers={"authorization": "Bearer x"})
    assert answer.status_code == 422
