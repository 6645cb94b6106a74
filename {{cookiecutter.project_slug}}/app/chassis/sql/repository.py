"""What every repository in SQL does: find, keep track, and store at commit what became of the aggregates."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from sqlalchemy import inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase

from app.core.aggregate import AggregateRoot

A = TypeVar("A", bound=AggregateRoot)


@dataclass(frozen=True, slots=True)
class As:
    """How a value object is kept in a column: `to_column(value)`, and `from_column(column)` makes it again.

    None is stored as NULL without conversion.
    """

    from_column: Callable[[Any], Any]
    to_column: Callable[[Any], Any] = lambda value: value.value


class SqlRepository(Generic[A]):
    """Aggregates of one kind, one row each. What was added or fetched is stored as it is at commit.

    A subclass names the dataclass and its table; each field is kept in the column of its name, as it is or as
    `columns` says. A field without a column, or a column without a field, is a `TypeError` when the class is made,
    so it fails the start. An aggregate that needs more than a row overrides `_read` and `_write`.
    """

    aggregate: ClassVar[type[Any]]
    row: ClassVar[type[DeclarativeBase]]
    columns: ClassVar[Mapping[str, As]] = {}

    def __init_subclass__(cls) -> None:
        if cls._read is SqlRepository._read:
            cls._check_columns()

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._tracked: dict[UUID, tuple[A, Any]] = {}

    @property
    def aggregates(self) -> list[A]:
        return [aggregate for aggregate, _ in self._tracked.values()]

    async def add(self, aggregate: A) -> None:
        row = self.row(id=aggregate.id)
        self._session.add(row)
        self._tracked[aggregate.id] = (aggregate, row)
        await self.store()

    async def store(self) -> None:
        """Write the aggregates into their rows, and the rows to the database."""
        for aggregate, row in self._tracked.values():
            self._write(row, aggregate)
        await self._session.flush()

    async def _find(self, *conditions: Any) -> A | None:
        """Locked until the end of the transaction. Found twice, it is the same object."""
        row: Any = await self._session.scalar(select(self.row).where(*conditions).with_for_update())
        if row is None:
            return None
        if row.id not in self._tracked:
            self._tracked[row.id] = (self._read(row), row)
        return self._tracked[row.id][0]

    def _read(self, row: Any) -> A:
        values = {name: deepcopy(getattr(row, name)) for name in _fields(self.aggregate)}
        for name, kept in self.columns.items():
            values[name] = None if values[name] is None else kept.from_column(values[name])
        restored: A = self.aggregate(**values)
        return restored

    def _write(self, row: Any, aggregate: A) -> None:
        for name in _fields(self.aggregate):
            value = getattr(aggregate, name)
            if name in self.columns and value is not None:
                value = self.columns[name].to_column(value)
            setattr(row, name, deepcopy(value))  # a copy, or a change within a list or dict would not be seen as one

    @classmethod
    def _check_columns(cls) -> None:
        kept, known = set(inspect(cls.row).columns.keys()), set(_fields(cls.aggregate))
        for name in sorted(kept ^ known):
            what = f"{cls.aggregate.__name__}.{name}"
            missing = f"{what} has no column in {cls.row.__name__}" if name in known else f"{what} is a column only"
            raise TypeError(f"{missing}: add it, or override _read and _write in {cls.__name__}")
        for name in [field.name for field in fields(cls.aggregate) if field.name in known and not field.init]:
            raise TypeError(f"{cls.aggregate.__name__}.{name} has init=False: it could not be read back")
        for name in sorted(cls.columns.keys() - known):
            raise TypeError(f"{cls.__name__}.columns names {name}, which is no field of {cls.aggregate.__name__}")


def _fields(aggregate: type[Any]) -> list[str]:
    own = {field.name for field in fields(AggregateRoot) if not field.init}  # events: the outbox keeps them
    return [field.name for field in fields(aggregate) if field.name not in own]
