"""The bases of the fake unit of work and its repositories. They keep what was committed, and forget the rest."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from types import TracebackType
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

from app.core.aggregate import AggregateRoot
from app.core.events import DomainEvent

K = TypeVar("K")
V = TypeVar("V")
A = TypeVar("A", bound=AggregateRoot)
Table = TypeVar("Table", bound="FakeTable[Any, Any]")


class FakeTable(Generic[K, V]):
    """`committed` is what everybody sees, `rows` what the open transaction sees. Values are immutable."""

    def __init__(self) -> None:
        self.committed: dict[K, V] = {}
        self._rows: dict[K, V] | None = None

    @property
    def rows(self) -> dict[K, V]:
        if self._rows is None:
            raise RuntimeError("there is no transaction: enter the unit of work first")
        return self._rows

    def begin(self) -> None:
        self._rows = dict(self.committed)

    def store(self) -> None:
        """Write what is not in `rows` yet. Raise if the database would refuse it."""

    def commit(self) -> Sequence[DomainEvent]:
        """Return what the outbox would get."""
        self.committed = dict(self.rows)
        return ()

    def end(self) -> None:
        self._rows = None


class FakeRepository(FakeTable[UUID, A]):
    """What was added or fetched is stored as it is at commit. Found twice, it is the same object."""

    @property
    def stored(self) -> list[A]:
        """What was committed, oldest first."""
        return list(self.committed.values())

    def begin(self) -> None:
        super().begin()
        self._tracked: dict[UUID, A] = {}

    async def add(self, aggregate: A) -> None:
        if aggregate.id in self.rows:
            raise ValueError(f"the id {aggregate.id} is in use")
        self._tracked[aggregate.id] = aggregate
        self.store()

    def store(self) -> None:
        for aggregate in self._tracked.values():
            self.rows[aggregate.id] = _copy(aggregate)
        self._check()

    def commit(self) -> Sequence[DomainEvent]:
        super().commit()
        return [event for aggregate in self._tracked.values() for event in aggregate.pull_events()]

    def _check(self) -> None:
        """Raise what a constraint of the table would raise."""

    def _find(self, matches: Callable[[A], bool]) -> A | None:
        found = next(filter(matches, self.rows.values()), None)
        return None if found is None else self._tracked.setdefault(found.id, _copy(found))


class FakeTransaction:
    """`events` are what the outbox would have, `commits` how many transactions there were."""

    def __init__(self) -> None:
        self.events: list[DomainEvent] = []
        self.commits = 0
        self._tables: list[FakeTable[Any, Any]] = []
        self._is_open = False

    def _track(self, table: Table) -> Table:
        self._tables.append(table)
        return table

    async def __aenter__(self) -> Self:
        if self._is_open:
            raise RuntimeError("this unit of work is open already: a second entry would lose the first one's changes")
        self._is_open = True
        for table in self._tables:
            table.begin()
        return self

    async def commit(self) -> None:
        if not self._is_open:
            raise RuntimeError("this unit of work is not open")
        for table in self._tables:
            table.store()
        for table in self._tables:
            self.events += table.commit()
        self.commits += 1

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_open = False
        for table in self._tables:
            table.end()


def _copy(aggregate: A) -> A:
    """Without its events: they are not stored with it."""
    copied = deepcopy(aggregate)
    copied.pull_events()
    return copied
