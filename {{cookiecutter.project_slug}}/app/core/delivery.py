"""What is known about one delivery of one event to one consumer."""

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from app.core.events import Event


@dataclass(slots=True)
class Delivery:
    """The delivery being handled now. `recorded` turns true once its inbox row is committed."""

    consumer: str
    event_id: UUID
    recorded: bool = False


current_delivery: ContextVar[Delivery | None] = ContextVar("current_delivery", default=None)
"""Set while an event handler runs. The unit of work reads it, so that the handler's writes and the
inbox row that says "handled" are one transaction."""


class AlreadyHandledError(Exception):
    """Another delivery of the same event to the same consumer committed first; nothing was written."""


class Inbox(Protocol):
    """Remembers which consumer is done with which event."""

    async def is_settled(self, consumer: str, event_id: UUID) -> bool:
        """True if the consumer handled the event or gave it up as a dead letter."""
        ...

    async def mark_handled(self, consumer: str, event_id: UUID) -> None:
        """Record success of a handler that committed nothing itself. Idempotent."""
        ...

    async def unfinished(self, consumer: str, event_id: UUID) -> int:
        """How many deliveries in a row began and were never ended."""
        ...

    async def begin(self, consumer: str, event_id: UUID) -> None:
        """Note that a delivery begins."""
        ...

    async def end(self, consumer: str, event_id: UUID) -> None:
        """Note that the delivery ended, however it did."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An event that one consumer could not handle, kept with the reason until somebody decides."""

    consumer: str
    event: Event
    reason: str
    attempts: int
    failed_at: datetime


class DeadLetters(Protocol):
    """Keeps dead letters. One event has at most one for each consumer."""

    async def add(self, letter: DeadLetter) -> None:
        """Keep the letter. Adding it again changes nothing."""
        ...

    async def page(self, limit: int, consumer: str | None = None) -> list[DeadLetter]:
        """The oldest `limit` letters, oldest first; of one consumer, or of all."""
        ...

    async def of_event(self, event_id: UUID) -> list[DeadLetter]:
        """The letters of one event: one for each consumer that gave it up."""
        ...

    async def discard(self, consumer: str, event_id: UUID) -> None:
        """Forget the letter; nothing happens if there is none."""
        ...
