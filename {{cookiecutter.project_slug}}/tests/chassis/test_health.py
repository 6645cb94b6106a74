from httpx2 import AsyncClient

from app.application.ports import ReadinessCheck
from tests.conftest import Serving


class DatabaseAway:
    async def failures(self) -> list[str]:
        return ["database"]


async def test_is_live_and_ready(client: AsyncClient) -> None:
    assert (await client.get("/health/live")).status_code == 200
    assert (await client.get("/health/ready")).json() == {"status": "ok", "failing": []}


async def test_is_live_but_not_ready_without_its_database(serving: Serving) -> None:
    async with serving({ReadinessCheck: DatabaseAway()}) as client:
        assert (await client.get("/health/live")).status_code == 200
        ready = await client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["failing"] == ["database"]
