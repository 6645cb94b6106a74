from uuid import UUID

import pytest
from httpx2 import AsyncClient

from tests.chassis.waiting import eventually

PATH = "/api/v1/some-things"
FIRST = {"title": "First"}


async def test_creates_and_shows_it(client: AsyncClient) -> None:
    created = await client.post(PATH, json=FIRST)
    assert created.status_code == 201
    new_id = created.json()["id"]
    assert created.headers["location"] == f"{PATH}/{new_id}"
    shown = await client.get(created.headers["location"])
    assert shown.status_code == 200
    assert shown.json().keys() == {"id", "title", "created_at", "confirmed_at"}
    assert (shown.json()["id"], shown.json()["title"]) == (new_id, "First")


async def test_is_confirmed_by_event(client: AsyncClient) -> None:
    created = await client.post(PATH, json=FIRST)

    async def confirmed() -> bool:
        return (await client.get(created.headers["location"])).json()["confirmed_at"] is not None

    await eventually(confirmed)


async def test_returns_404_for_an_unknown_id(client: AsyncClient) -> None:
    answer = await client.get(f"{PATH}/{UUID(int=5)}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["type"] == "urn:problem:some-thing-not-found"


@pytest.mark.parametrize("body", [{}, {"title": " "}, {"title": "x" * 101}, {"title": "x" * 1000}])
async def test_returns_422_for_a_title_that_cannot_be(client: AsyncClient, body: dict[str, str]) -> None:
    answer = await client.post(PATH, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
