from httpx2 import AsyncClient

from app.core.events import Outbox, OutboxStatus
from tests.conftest import Serving
from tests.fakes import MailBox
from tests.waiting import eventually


async def test_metrics_tell_of_requests_by_pattern_and_of_deliveries(client: AsyncClient, mailbox: MailBox) -> None:
    body = {"email": "ada@example.com", "password": "correct horse"}
    user_id = (await client.post("/api/v1/users", json=body)).json()["id"]
    await client.get(f"/api/v1/users/{user_id}")
    await eventually(lambda: len(mailbox.mails) == 1)
    metrics = (await client.get("/metrics")).text
    assert 'http_request_seconds_count{method="POST",route="/api/v1/users",status="201"}' in metrics
    assert user_id not in metrics
    assert 'event_deliveries_total{consumer="send-welcome-email",outcome="handled"}' in metrics


class DatabaseAway:
    async def status(self) -> OutboxStatus:
        raise ConnectionError


async def test_metrics_are_served_while_the_database_is_away(serving: Serving) -> None:
    async with serving({Outbox: DatabaseAway()}) as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert "outbox_unpublished_events NaN" in answer.text


async def test_made_up_methods_are_counted_as_one(client: AsyncClient) -> None:
    await client.request("FOO1", "/nope")
    metrics = (await client.get("/metrics")).text
    assert 'method="other",route=""' in metrics
    assert "FOO1" not in metrics
