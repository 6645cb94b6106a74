"""What every aggregate root can do: remember the events it caused until they are stored with it."""

from dataclasses import dataclass, field
from uuid import UUID

from app.core.events import DomainEvent


@dataclass(eq=False, kw_only=True)
class AggregateRoot:
    """Consistency boundary with an identity. Two aggregates are equal only if they are the same object."""

    id: UUID
    _events: list[DomainEvent] = field(default_factory=list, init=False, repr=False)

    def record(self, event: DomainEvent) -> None:
        """Remember `event`; the unit of work stores it in the transaction that stores the aggregate."""
        self._events.append(event)

    def pull_events(self) -> list[DomainEvent]:
        """Return the recorded events, oldest first, and forget them."""
        events, self._events = self._events, []
        return events
