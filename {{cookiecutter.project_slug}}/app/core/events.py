"""Events: what the domain records, the envelope it travels in, and the port it travels through."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainEvent:
    """Something that happened, in the words of the domain. Past tense, immutable, no technology.

    `name` and `version` identify the payload's shape to every reader, so they never change:
    a new shape is a new version.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1

    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A domain event on its way, with CloudEvents 1.0 attribute names.

    `subject` is the aggregate's id: events of one subject keep their order. `data` is the payload as JSON; nothing
    between the outbox and the handler looks inside it. Names of `headers` are CloudEvents attribute names: at most
    20 characters, `a-z` and `0-9`.
    """

    id: UUID
    type: str
    version: int
    source: str
    subject: str
    time: datetime
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Makes the payload of one version into that of the next."""


UNDECODABLE = "undecodable"
"""Type under which a bus hands over what it cannot read as an event: `data` is the message as it came."""

FOREIGN = 0
"""Version under which a bus hands over the message of another service, as it came: our own versions begin at 1."""


Store = Callable[[Sequence[Event]], Awaitable[None]]
"""Keeps a batch of events durably. Keeping an event again changes nothing. Raises if that is not certain."""


class EventBus(Protocol):
    """Carries events from the outbox to the inbox of every service that reads them.

    The contract every adapter keeps:
    - what `publish_many` returned for is handed to `store` at least once, whatever process dies in between;
    - for each subject, the first time an event is stored comes after the first time of every earlier event;
    - a batch is acknowledged to the broker only after `store` returned, and stored again if that is not certain;
    - nothing that anybody puts on a topic stops it: what it cannot read is an `Event` of type UNDECODABLE.
    """

    in_process: bool
    """True if events never leave this process: then every process that publishes also fetches."""

    one_fetcher: bool
    """True if a second process that fetches at the same time would only repeat the work of the first."""

    async def publish_many(self, events: Sequence[Event]) -> None:
        """Return once all events are safe, in this order. After an error any of them may have been published."""
        ...

    async def fetch(self, store: Store, topics: Sequence[str] = ()) -> None:
        """Hand all events of this service to `store`, in batches, until cancelled.

        `topics` belong to other services. What is put on them, the oldest that is still there first, is handed over
        as events of version FOREIGN: `source` is the topic; `data`, `headers` and `type` are what the message brings
        along. A topic that does not exist is waited for, never created.

        Raises if the broker or `store` fails. Calling it again goes on where the last acknowledged batch ended.
        """
        ...

    async def check(self) -> None:
        """Raise unless the broker answers and lets this service do what it needs. Bounded by a few seconds."""
        ...
