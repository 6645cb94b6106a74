"""An event's envelope as columns and back; outbox and inbox share them."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.events import Event


def to_columns(event: Event) -> dict[str, Any]:
    """All but the id, which each table keeps under a name of its own."""
    return {
        "type": event.type,
        "version": event.version,
        "source": event.source,
        "subject": event.subject,
        "time": event.time,
        "data": event.data,
        "headers": dict(event.headers),
    }


def to_event(event_id: UUID, row: Row[Any]) -> Event:
    return Event(
        id=event_id,
        type=row.type,
        version=row.version,
        source=row.source,
        subject=row.subject,
        time=row.time,
        data=row.data,
        headers=row.headers,
    )
