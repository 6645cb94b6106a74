"""Dead letters: deliveries that were given up, until somebody decides what becomes of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, text, tuple_, update

from app.chassis.inbox.consumers import ConsumerRegistry
from app.chassis.inbox.renumbering import renumber
from app.chassis.sql.database import Database
from app.chassis.sql.engine import read_only
from app.chassis.sql.envelope import to_event
from app.chassis.sql.tables import DONE, WAITING, deliveries, received_events
from app.core.events import UNDECODABLE, Event

CHUNK = 200  # letters decided in one transaction, in which nothing can be stored


@dataclass(frozen=True, slots=True)
class Choice:
    """Which letters; None matches all. `before`: became dead before that moment."""

    event_id: UUID | None = None
    consumer: str | None = None
    event_type: str | None = None
    before: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        columns = {
            deliveries.c.event_id: self.event_id,
            deliveries.c.consumer: self.consumer,
            received_events.c.type: self.event_type,
        }
        given = [column == value for column, value in columns.items() if value is not None]
        return given + ([deliveries.c.finished_at < self.before] if self.before else [])


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A delivery that was given up."""

    consumer: str
    event_id: UUID
    event_type: str
    lane: str
    attempts: int
    failed_at: datetime
    reason: str
    traceback: str | None


class DeadLetters:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._registry = ConsumerRegistry(database)

    async def page(self, choice: Choice, limit: int) -> list[DeadLetter]:
        """The oldest letters, oldest first, without their payloads."""
        query = _letters(*_DETAILS).where(*choice.conditions()).order_by(deliveries.c.finished_at).limit(limit)
        async with read_only(self._database.engine).connect() as connection:
            return [DeadLetter(**row._mapping) for row in await connection.execute(query)]

    async def event(self, event_id: UUID) -> Event:
        async with read_only(self._database.engine).connect() as connection:
            row = (await connection.execute(select(received_events).filter_by(event_id=event_id))).one()
        return to_event(event_id, row)

    async def behind(self, letter: DeadLetter) -> int:
        """How many deliveries of its lane wait behind the letter."""
        lane = (deliveries.c.consumer == letter.consumer, deliveries.c.lane == letter.lane)
        query = select(func.count()).where(*lane, deliveries.c.state == WAITING)
        async with read_only(self._database.engine).connect() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def replay(self, choice: Choice) -> AsyncIterator[int]:
        """Let the worker try the letters again, in chunks; gives how many each time."""
        fresh = {"state": WAITING, "attempts": 0, "starts": 0, "first_failed_at": None, "due_at": None}
        async for count in self._decide(choice, fresh | {"finished_at": None}, deliveries.c.consumer != UNDECODABLE):
            yield count

    async def discard(self, choice: Choice) -> AsyncIterator[int]:
        """Give the letters up for good, in chunks; gives how many each time. What waits behind them goes on."""
        async for count in self._decide(choice, {"state": DONE, "finished_at": self._database.now()}):
            yield count

    async def _decide(self, choice: Choice, values: dict[str, Any], *more: ColumnElement[bool]) -> AsyncIterator[int]:
        async with read_only(self._database.engine).connect() as connection:
            until = (
                await connection.execute(select(self._database.now()))
            ).scalar_one()  # letters that die again during the replay are not chosen again
        query = _letters(deliveries.c.event_id, deliveries.c.consumer, deliveries.c.lane)
        query = query.where(*choice.conditions(), *more, deliveries.c.finished_at < until)
        query = query.order_by(deliveries.c.finished_at).limit(CHUNK)
        while True:
            async with self._registry.locked() as connection:
                found = (await connection.execute(query)).all()
                if not found:
                    return
                keys = [(row.event_id, row.consumer) for row in found]
                this = tuple_(deliveries.c.event_id, deliveries.c.consumer).in_(keys)
                await connection.execute(update(deliveries).where(this).values(values))
                lanes = sorted({(row.consumer, row.lane) for row in found})
                of_lanes = tuple_(deliveries.c.consumer, deliveries.c.lane).in_(lanes)
                await renumber(connection, self._database, of_lanes)
            yield len(found)


def _letters(*columns: Any) -> Select[Any]:
    joined = select(*columns).join_from(
        deliveries, received_events, received_events.c.event_id == deliveries.c.event_id
    )
    return joined.where(text("deliveries.state = 2"))  # as the index has it


_DETAILS = (
    deliveries.c.consumer,
    deliveries.c.event_id,
    received_events.c.type.label("event_type"),
    deliveries.c.lane,
    deliveries.c.attempts,
    deliveries.c.finished_at.label("failed_at"),
    deliveries.c.reason,
    deliveries.c.traceback,
)
