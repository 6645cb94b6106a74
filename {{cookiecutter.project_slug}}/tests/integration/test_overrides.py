from uuid import UUID

from app.application.ports import IdGenerator
from app.core.events import EventBus
from tests.chassis.local_bus import LocalBus
from tests.chassis.waiting import eventually
from tests.conftest import Serving

ADA = {"email": "ada@example.com", "password": "correct horse"}


class Always:
    def __init__(self, number: int) -> None:
        self._id = UUID(int=number)

    def new_id(self) -> UUID:
        return self._id


async def test_two_apps_alive_at_once_each_use_their_own_fakes(serving: Serving) -> None:
    async with serving({IdGenerator: Always(1)}) as one, serving({IdGenerator: Always(2)}) as two:
        first = await one.post("/api/v1/users", json=ADA)
        second = await two.post("/api/v1/users", json={**ADA, "email": "bob@example.com"})
        third = await one.get(f"/api/v1/users/{UUID(int=2)}")
    assert [first.json()["id"], second.json()["id"]] == [str(UUID(int=1)), str(UUID(int=2))]
    assert third.json()["email"] == "bob@example.com"


async def test_a_fake_does_not_outlive_its_app(serving: Serving) -> None:
    async with serving({IdGenerator: Always(1)}) as client:
        await client.post("/api/v1/users", json=ADA)
    async with serving() as client:
        answer = await client.post("/api/v1/users", json={**ADA, "email": "bob@example.com"})
    assert UUID(answer.json()["id"]).version == 7


async def test_a_fake_reaches_what_the_container_itself_builds(serving: Serving) -> None:
    bus = LocalBus()
    async with serving({EventBus: bus}) as client:
        await client.post("/api/v1/users", json=ADA)
        await eventually(lambda: [event.type for event in bus.topic] == ["user.registered"])
