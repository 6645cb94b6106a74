"""A tiny business for tests of the machine: counters that are counted up, and nothing of the real one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID, uuid4

from sqlalchemy import MetaData, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.chassis.codec import EventCodec
from app.chassis.sql.repository import SqlRepository
from app.chassis.sql.unit_of_work import SqlTransaction
from app.core.aggregate import AggregateRoot
from app.core.events import FOREIGN, UNDECODABLE, DomainEvent, Event

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(DomainEvent):
    name: ClassVar[str] = "sample.counted"

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed(DomainEvent):
    name: ClassVar[str] = "sample.renamed"


EVENTS = (Counted, Renamed)
CODEC = EventCodec(EVENTS, {}, "sample")


class Base(DeclarativeBase):
    metadata = MetaData()


class CounterRow(Base):
    """`count` is how often it was counted, `last` by which event."""

    __tablename__ = "sample_counters"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    count: Mapped[int]
    last: Mapped[int]


@dataclass(eq=False, kw_only=True)
class Counter(AggregateRoot):
    count: int = 0
    last: int = 0

    def count_up(self) -> None:
        self.count += 1
        self.record(Counted(number=self.count, occurred_at=NOON))


class Counters(SqlRepository[Counter]):
    aggregate = Counter
    row = CounterRow

    async def by_id(self, counter_id: UUID) -> Counter | None:
        return await self._find(CounterRow.id == counter_id)


class SampleUnitOfWork(SqlTransaction):
    def _begin(self, session: AsyncSession) -> None:
        self.session = session
        self.counters = self._track(Counters(session))

    async def count(self, counter_id: UUID, number: int) -> None:
        """An effect in the database that shows what was lost, doubled or out of order."""
        values = {"count": CounterRow.count + 1, "last": number}
        done: Any = await self.session.execute(update(CounterRow).where(CounterRow.id == counter_id).values(values))
        if done.rowcount == 0:
            self.session.add(CounterRow(id=counter_id, count=1, last=number))

    async def read(self, counter_id: UUID) -> tuple[int, int] | None:
        query = select(CounterRow.count, CounterRow.last).where(CounterRow.id == counter_id)
        row = (await self.session.execute(query)).first()
        return None if row is None else (int(row[0]), int(row[1]))


def counted(number: int, subject: str = "a", **changes: Any) -> Event:
    """An event as it comes from the bus."""
    return replace(CODEC.encode(Counted(number=number, occurred_at=NOON), subject=subject), **changes)


def renamed(subject: str = "a", **changes: Any) -> Event:
    return replace(CODEC.encode(Renamed(occurred_at=NOON), subject=subject), **changes)


def foreign(number: int, subject: str = "", **changes: Any) -> Event:
    """A message of another service, as a bus hands it over."""
    data = str(number).encode()
    message = Event(id=uuid4(), type="shop.sold", version=FOREIGN, source="shop", subject=subject, time=NOON, data=data)
    return replace(message, **changes)


def undecodable(data: bytes = b"?") -> Event:
    """What a bus makes of a message that it cannot read."""
    return Event(id=uuid4(), type=UNDECODABLE, version=1, source="topic", subject="", time=NOON, data=data)


class Objects:
    """A container without a library: gives each type the object that was put in for it."""

    def __init__(self, *objects: object) -> None:
        self._objects = {type(one): one for one in objects}

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["Objects"]:
        yield self

    async def get(self, dependency_type: type[T]) -> T:
        return cast(T, self._objects[dependency_type])
