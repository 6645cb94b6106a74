"""Events, and an inbox in memory: the bus is what is tried here."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from app.core.events import Event

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
PATIENCE = 20.0  # seconds within which whatever should happen has happened, on a slow machine too


def event(number: int, *, subject: str = "a", event_type: str = "counted") -> Event:
    """An event that carries a number, for tests that look at order and completeness."""
    return Event(
        id=uuid4(), type=event_type, version=1, source="test", subject=subject, time=NOON, data=str(number).encode()
    )


def events(numbers: Iterable[int], subjects: int = 10) -> list[Event]:
    """Spread over that many subjects."""
    return [event(number, subject=f"s{number % subjects}") for number in numbers]


async def nothing(batch: Sequence[Event]) -> None: ...


class Inbox:
    """Keeps what it is given. `before` and `after` are called around the storing of a batch: they may raise or hang."""

    def __init__(
        self,
        before: Callable[[Sequence[Event]], Awaitable[None]] = nothing,
        after: Callable[[Sequence[Event]], Awaitable[None]] = nothing,
    ) -> None:
        self.batches: list[list[Event]] = []
        self.errors: list[Exception] = []  # those that `fetch` raised
        self._before = before
        self._after = after

    async def store(self, batch: Sequence[Event]) -> None:
        await self._before(batch)
        self.batches.append(list(batch))
        await self._after(batch)

    @property
    def events(self) -> list[Event]:
        return [event for batch in self.batches for event in batch]

    @property
    def numbers(self) -> list[int]:
        return [int(event.data) for event in self.events]

    def has(self, numbers: Iterable[int]) -> Callable[[], bool]:
        """A check for `until`: each of the numbers was stored at least once."""
        return lambda: {*numbers} <= {*self.numbers}

    def firsts(self) -> dict[str, list[int]]:
        """The numbers of each subject, in the order in which they were stored for the first time."""
        firsts: dict[str, dict[int, None]] = defaultdict(dict)
        for event in self.events:
            firsts[event.subject].setdefault(int(event.data))
        return {subject: list(numbers) for subject, numbers in firsts.items()}


def in_order(numbers: Sequence[int], subjects: int = 10) -> dict[str, list[int]]:
    """What `firsts` has to be once `events` of these numbers are stored."""
    return {f"s{n}": [number for number in numbers if number % subjects == n] for n in range(subjects)}


async def until(check: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Return as soon as `check` is true; fail if it is not within so many seconds."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"did not happen within {seconds} s"
        await asyncio.sleep(0.02)
