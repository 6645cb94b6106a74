"""What this service wrote when its events had version 1."""

from uuid import UUID

from app.core.events import Event
from tests.fakes import NOON

REGISTERED_V1 = Event(
    id=UUID(int=9),
    type="user.registered",
    version=1,
    source="service",
    subject="9",
    time=NOON,
    data=f'{{"occurred_at": "2026-05-04T12:00:00Z", "user_id": "{UUID(int=9)}", "email": "old@example.com"}}'.encode(),
    headers={},
)
