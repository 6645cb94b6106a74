"""Events, consumers and records for the contract suite. All in memory: the bus is what is tried here."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from app.core.delivery import DeadLetter
from app.core.events import DomainEvent, Event
from app.core.foreign import Translation, Translations
from app.core.message_bus import MessageBus
from app.core.metrics import Outcome
from app.core.retry import RetryPolicy
from app.core.subscriptions import Subscription
from tests.contract.harness import PATIENCE
from tests.waiting import eventually

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
COUNTED = "counted"
QUICK = RetryPolicy(attempts=3, crashes=3, first_delay=0.01, timeout=20.0)

Reaction = Callable[[int], Awaitable[None]]


def event(number: int, *, subject: str = "a", event_type: str = COUNTED) -> Event:
    """An event that carries a number, for tests that look at order and completeness."""
    return Event(
        id=uuid4(), type=event_type, version=1, source="test", subject=subject, time=NOON, data=str(number).encode()
    )


class Recorder:
    """A consumer that notes what it is given, in order. `react` may make it slow or make it fail."""

    def __init__(self, *, react: Reaction | None = None) -> None:
        self.events: list[Event] = []
        self._react = react

    async def receive(self, event: Event) -> None:
        self.events.append(event)
        if self._react:
            await self._react(int(event.data))

    def stop(self) -> None: ...

    @property
    def numbers(self) -> list[int]:
        return [int(event.data) for event in self.events]

    def by_subject(self) -> dict[str, list[int]]:
        numbers: dict[str, list[int]] = defaultdict(list)
        for event in self.events:
            numbers[event.subject].append(int(event.data))
        return numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(DomainEvent):
    name: ClassVar[str] = COUNTED

    number: int


class CountedCodec:
    def encode(self, event: DomainEvent, *, subject: str) -> Event:
        raise NotImplementedError

    def decode(self, event: Event) -> DomainEvent:
        return Counted(occurred_at=event.time, number=int(event.data))


def counted(message: Event) -> Counted:
    return Counted(occurred_at=message.time, number=int(message.data))


class CountedHandler:
    """Stands for a handler class; the scope gives the test's reaction in its place."""

    async def __call__(self, event: Counted) -> None: ...


class Records:
    """Inbox, dead letters and metrics of one service. They outlive its workers, as the database does."""

    def __init__(self) -> None:
        self.settled: set[UUID] = set()
        self.crashes: Counter[UUID] = Counter()
        self.letters: list[DeadLetter] = []
        self.refusals = 0  # how many of the next dead letters cannot be written

    async def is_settled(self, consumer: str, event_id: UUID) -> bool:
        return event_id in self.settled

    async def mark_handled(self, consumer: str, event_id: UUID) -> None:
        self.settled.add(event_id)

    async def unfinished(self, consumer: str, event_id: UUID) -> int:
        return self.crashes[event_id]

    async def begin(self, consumer: str, event_id: UUID) -> None:
        self.crashes[event_id] += 1

    async def end(self, consumer: str, event_id: UUID) -> None:
        del self.crashes[event_id]

    async def add(self, letter: DeadLetter) -> None:
        if self.refusals:
            self.refusals -= 1
            raise OSError("disk full")
        self.settled.add(letter.event.id)
        self.letters.append(letter)

    async def page(self, limit: int, consumer: str | None = None) -> list[DeadLetter]:
        return self.letters[:limit]

    async def of_event(self, event_id: UUID) -> list[DeadLetter]:
        return [letter for letter in self.letters if letter.event.id == event_id]

    async def discard(self, consumer: str, event_id: UUID) -> None:
        self.letters = [letter for letter in self.letters if letter.event.id != event_id]

    def delivered(self, consumer: str, outcome: Outcome) -> None: ...


class Handling:
    """A consumer as in production: core's message bus, with one handler and the records of its service.

    `calls` are the numbers it was called with, failed attempts included. Messages of another service's `topic`
    mean a number, too.
    """

    def __init__(
        self, records: Records, react: Reaction | None = None, retry: RetryPolicy = QUICK, *, topic: str = ""
    ) -> None:
        self.calls: list[int] = []
        self._react = react
        subscriptions = [Subscription("handler", Counted, CountedHandler)]
        translations = Translations(Translation(topic=topic, event=Counted, translate=counted))
        self._bus = MessageBus(
            subscriptions, translations, self._open_scope, CountedCodec(), records, records, records, retry
        )

    async def receive(self, event: Event) -> None:
        await self._bus.receive(event)

    def stop(self) -> None:
        self._bus.stop()

    @asynccontextmanager
    async def _open_scope(self) -> AsyncIterator["Handling"]:
        yield self

    async def get(self, dependency_type: type[Any]) -> Any:
        return self._handle

    def was_called_with(self, *numbers: int) -> bool:
        return self.calls == list(numbers)

    async def _handle(self, event: Counted) -> None:
        self.calls.append(event.number)
        if self._react:
            await self._react(event.number)


class Gate:
    """A reaction that waits until the test lets it go on."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.opened = asyncio.Event()
        self.passed: list[int] = []

    async def __call__(self, number: int) -> None:
        self.entered.set()
        await self.opened.wait()
        self.passed.append(number)


async def until(check: Callable[[], bool | Awaitable[bool]]) -> None:
    await eventually(check, PATIENCE)
