"""Reads deliveries that wait. Rows behind one that failed or is dead are not read: their lane waits for it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.chassis.sql.database import Database
from app.chassis.sql.engine import read_only, single_statements
from app.chassis.sql.envelope import to_event
from app.chassis.sql.tables import SHARDS, WAITING, deliveries, received_events
from app.core.events import Event

SMALL = 8_000  # bytes of payload that are read with the row; larger ones are read when it is their turn


@dataclass(slots=True)
class Delivery:
    """One event for one consumer. `event` is None while its payload is not in memory.

    `behind`: something earlier in its lane waits that the cursor has passed.
    """

    seq: int
    consumer: str
    event_id: UUID
    lane: str
    shard: int
    attempts: int
    starts: int
    first_failed_at: datetime | None
    event: Event | None
    behind: bool = False


class Rows:
    """The deliveries of one consumer."""

    def __init__(self, database: Database, consumer: str) -> None:
        self._engine = single_statements(read_only(database.engine))
        self._database = database
        self._consumer = consumer

    async def after(self, cursor: int, high: int, shards: Collection[int], limit: int) -> list[Delivery]:
        """Never tried, with a number above `cursor` and up to `high`, by number."""
        this, earlier = deliveries, deliveries.alias("earlier")
        of_lane = (earlier.c.consumer == this.c.consumer, earlier.c.lane == this.c.lane)
        blocked = exists().where(*of_lane, earlier.c.seq < this.c.seq, IS_BLOCKED_BY)
        behind = exists().where(*of_lane, earlier.c.seq <= cursor, IS_OPEN_EARLIER)
        query = self._waiting(this.c.seq > cursor, this.c.seq <= high, this.c.due_at.is_(None), ~blocked)
        query = query.add_columns(behind.label("behind"))
        return await self._read(query.where(*_of(shards)).order_by(this.c.seq).limit(limit))

    async def due(self, shards: Collection[int], limit: int) -> list[Delivery]:
        """Tried before, and due again, by due time."""
        due = deliveries.c.due_at <= self._database.now()
        return await self._read(self._waiting(due, *_of(shards)).order_by(deliveries.c.due_at).limit(limit))

    async def of_lane(self, lane: str, after: int, until: int, limit: int) -> list[Delivery]:
        """What comes next in a lane."""
        numbers = (deliveries.c.seq > after, deliveries.c.seq <= until)
        query = self._waiting(deliveries.c.lane == lane, *numbers)
        return await self._read(query.order_by(deliveries.c.seq).limit(limit))

    async def event(self, event_id: UUID) -> Event:
        query = select(received_events).where(received_events.c.event_id == event_id)
        async with self._engine.connect() as connection:
            return to_event(event_id, (await connection.execute(query)).one())

    def _waiting(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        wanted = (deliveries.c.consumer == self._consumer, deliveries.c.state == WAITING, *conditions)
        return _SELECT.where(*wanted)

    async def _read(self, query: Select[Any]) -> list[Delivery]:
        async with self._engine.connect() as connection:
            return await _deliveries(connection, query)


async def _deliveries(connection: AsyncConnection, query: Select[Any]) -> list[Delivery]:
    return [
        Delivery(
            seq=row.seq,
            consumer=row.consumer,
            event_id=row.event_id,
            lane=row.lane,
            shard=row.shard,
            attempts=row.attempts,
            starts=row.starts,
            first_failed_at=row.first_failed_at,
            event=None if row.data is None else to_event(row.event_id, row),
            behind=bool(getattr(row, "behind", False)),
        )
        for row in (await connection.execute(query)).all()
    ]


def _of(shards: Collection[int]) -> list[ColumnElement[bool]]:
    return [] if len(shards) == SHARDS else [deliveries.c.shard.in_(sorted(shards))]


# Same text as in the index definitions, or SQLite does not use the indexes.
IS_OPEN_EARLIER = text("earlier.state <> 1")
IS_BLOCKED_BY = text("(earlier.state = 2 OR (earlier.state = 0 AND earlier.due_at IS NOT NULL))")

_D, _E = deliveries.c, received_events.c
_SELECT = select(
    *(_D.seq, _D.consumer, _D.event_id, _D.lane, _D.shard, _D.attempts, _D.starts, _D.first_failed_at),
    *(_E.type, _E.version, _E.source, _E.subject, _E.time, _E.headers),
    case((func.length(_E.data) <= SMALL, _E.data)).label("data"),
).join_from(deliveries, received_events, _D.event_id == _E.event_id)
