"""Events: what the domain records, the envelope it travels in, and the port it travels through."""

import asyncio
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

    `subject` is the aggregate's id: events of one subject keep their order. `data` is the payload
    as JSON; nothing between the outbox and the handler looks inside it.
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


class EventCodec(Protocol):
    """Turns domain events into envelopes and back."""

    def encode(self, event: DomainEvent, *, subject: str) -> Event:
        """Raise `ValueError` if it is too large to travel: better now, with the transaction, than in the relay."""
        ...

    def decode(self, event: Event) -> DomainEvent:
        """Older versions are brought up to date. Raise `PermanentError` if the payload is not what it promises."""
        ...


Receive = Callable[[Event], Awaitable[None]]
"""Takes one delivered event. Returning acknowledges it; raising asks for it to be delivered again."""


UNDECODABLE = "undecodable"
"""Type under which a bus delivers what it cannot read as an event: `data` is the message as it came."""

FOREIGN = 0
"""Version under which a bus delivers the message of another service, as it came: our own versions begin at 1."""


class EventBus(Protocol):
    """Carries events from the outbox to the consumers of this service.

    The contract every adapter keeps:
    - delivery is at least once: an event is delivered again until a receiver has returned for it;
    - events of one subject are delivered in the order they were published, one at a time;
    - an event that is slow or fails holds up its own subject, and others only for a bounded time.
    """

    def subscribe(self, receive: Receive) -> None:
        """Send the events of this service to `receive`. Called once, before `run`."""
        ...

    def listen(self, topic: str, receive: Receive) -> None:
        """Send what another service puts on its `topic` to `receive`, the oldest that is still there first.

        It comes as an `Event` of version FOREIGN: `source` is the topic; `data`, `headers` and `type` are what the
        message brings along. A topic that does not exist is waited for. Called once per topic, before `run`.
        """
        ...

    async def publish(self, event: Event) -> None:
        """Return once the event is safe; raise if that is not certain."""
        ...

    async def publish_many(self, events: Sequence[Event]) -> None:
        """Like `publish` for each, in order; on an error any of them may or may not be out."""
        ...

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver to the subscribers until `stop` is set, then finish what is in hand and return.

        Outlives a broker that is away or restarts: keeps trying, and says so in the log.
        """
        ...

    async def ping(self) -> None:
        """Raise if the broker does not answer."""
        ...


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """How far the relay is behind: events still to publish, and since when the oldest waits."""

    unpublished: int
    oldest: datetime | None


class Outbox(Protocol):
    """Events that are committed but may not be published yet."""

    async def status(self) -> OutboxStatus: ...


class OutboxRelay(Protocol):
    """Moves events from the outbox to the bus: in order, and from one process at a time."""

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop` is set. Survives a database or broker that is away, and catches up."""
        ...
