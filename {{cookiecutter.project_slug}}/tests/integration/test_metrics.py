from httpx2 import AsyncClient

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
