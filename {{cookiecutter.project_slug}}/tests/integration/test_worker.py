from pathlib import Path

import httpx2
from httpx2 import ASGITransport, AsyncClient

from app.config import Settings
from app.main import create_worker
from tests.bus import bus_overrides
from tests.chassis.processes import process


async def test_serves_health_and_metrics_but_no_api(settings: Settings) -> None:
    app = create_worker(settings, bus_overrides())
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://test") as client,
    ):
        answers = [await client.get(path) for path in ("/health/ready", "/metrics", "/api/v1/signups")]
    assert [answer.status_code for answer in answers] == [200, 200, 404]
    assert "outbox_unpublished_events 0.0" in answers[1].text


def test_ends_in_good_order_when_told_to(database_url: str, tmp_path: Path) -> None:
    with process("app.main:create_worker", {"DATABASE_URL": database_url}, tmp_path / "out") as worker:
        assert httpx2.get(f"{worker.url}/health/live").status_code == 200
        worker.stop()
