"""Context variables of one request or delivery, for log lines and events."""

import re
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Id of the request that caused the work; events carry it on, so handlers log it too."""

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")  # it goes into logs, headers and events


def is_safe_id(text: str) -> bool:
    """Whether an id from outside may be taken over."""
    return _SAFE_ID.fullmatch(text) is not None


@dataclass(slots=True)
class DeliveryInHand:
    """One attempt to handle one event. `settled` turns true once the mark that says "done" is committed.

    `hops`: how many handlers, one after the other, led to this event.
    """

    consumer: str
    event_id: UUID
    hops: int = 0
    settled: bool = False


current_delivery: ContextVar[DeliveryInHand | None] = ContextVar("current_delivery", default=None)
"""Set while an event handler runs. The unit of work reads it, so that the handler's writes and the mark are one
transaction."""
