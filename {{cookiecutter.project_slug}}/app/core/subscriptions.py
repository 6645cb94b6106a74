"""Who reacts to what."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Protocol

from app.core.events import DomainEvent


class EventHandler(Protocol):
    """Reacts to one kind of event. Called again for the same event if it raised or its process died."""

    def __call__(self, event: Any, /) -> Awaitable[None]: ...


@dataclass(frozen=True, slots=True)
class Subscription:
    """`handler` reacts to `event`. `consumer` is its name in the inbox: it outlives a rename of the class."""

    consumer: str
    event: type[DomainEvent]
    handler: type[EventHandler]
