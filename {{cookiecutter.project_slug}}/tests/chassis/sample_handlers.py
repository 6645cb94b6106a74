"""Event handlers of the sample: some note what they are given, others leave their effect in the database."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from app.chassis.sql.database import Database
from app.chassis.sql.outbox import Outbox
from app.core.exceptions import PermanentError
from tests.chassis.sample import Counted, Counter, SampleUnitOfWork

Reaction = Callable[[int], Awaitable[None]]


class Recorder:
    """An event handler that notes the numbers it is given. `react` may make it slow, or make it fail."""

    def __init__(self, react: Reaction | None = None) -> None:
        self.started: list[int] = []
        self.numbers: list[int] = []
        self._react = react

    async def __call__(self, event: Counted) -> None:
        self.started.append(event.number)
        if self._react:
            await self._react(event.number)
        self.numbers.append(event.number)


class First(Recorder): ...


class Second(Recorder): ...


class OfRenamed(Recorder):
    """Notes -1, since this event has no number."""

    async def __call__(self, event: Any) -> None:
        self.started.append(-1)
        if self._react:
            await self._react(-1)
        self.numbers.append(-1)


class FailingFirst:
    """A reaction that fails so many times for each number it is told of, then succeeds."""

    def __init__(self, failures: dict[int, int], error: type[Exception] = ConnectionError) -> None:
        self._left = dict(failures)
        self._error = error

    async def __call__(self, number: int) -> None:
        if self._left.get(number, 0) > 0:
            self._left[number] -= 1
            raise self._error("not yet")


class CountInDatabase:
    """An event handler whose effect is in the database, one counter for each thousand of numbers.

    What comes twice or out of order in its thousand becomes a dead letter: so a count that is right says it all.
    """

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database = database
        self._outbox = outbox

    async def __call__(self, event: Counted) -> None:
        async with SampleUnitOfWork(self._database, self._outbox) as uow:
            key = UUID(int=event.number // 1000)
            before = await uow.read(key)
            if before is not None and before[1] >= event.number:
                raise PermanentError(f"{event.number} after {before[1]}")
            await uow.count(key, event.number)
            await uow.commit()


class Echo:
    """An event handler that answers an event with an event: the counter of the key is counted up once more."""

    KEY = UUID(int=77)

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database = database
        self._outbox = outbox

    async def __call__(self, event: Counted) -> None:
        async with SampleUnitOfWork(self._database, self._outbox) as uow:
            counter = await uow.counters.by_id(self.KEY)
            if counter is None:
                counter = Counter(id=self.KEY)
                await uow.counters.add(counter)
            counter.count_up()
            await uow.commit()
