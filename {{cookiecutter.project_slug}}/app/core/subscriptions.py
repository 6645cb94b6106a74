"""Who reacts to what."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from app.core.events import DomainEvent
from app.core.retry import RetryPolicy


class EventHandler(Protocol):
    """Reacts to one kind of event. Called again for the same event if it raised or its process died."""

    def __call__(self, event: Any, /) -> Awaitable[None]: ...


@dataclass(frozen=True, slots=True)
class Subscription:
    """`handler` reacts to `event`. `consumer` is the name of its queue in the database: it outlives a rename of the
    class. Subscriptions of one consumer to several events share its queue, and so keep the order among them.

    `ordered`: events of one aggregate wait for each other, also behind one that failed. False lets the others go on.
    `concurrency`: how many events this consumer handles at once in one process; None means HANDLER_CONCURRENCY.
    `retry`: None means the settings HANDLER_...
    `history`: a consumer that is new also gets the events which the inbox received within this time before.
    """

    consumer: str
    event: type[DomainEvent]
    handler: type[EventHandler]
    ordered: bool = True
    concurrency: int | None = None
    retry: RetryPolicy | None = None
    history: timedelta = timedelta(0)
