"""The inbox: keeps what the bus fetched, and makes a delivery for each consumer that wants it."""

import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

from sqlalchemy import select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.chassis.inbox.statements import STORE
from app.chassis.sql.database import Database
from app.chassis.sql.engine import single_statements
from app.chassis.sql.envelope import to_columns
from app.chassis.sql.tables import DEAD, SHARDS, WAITING, consumers, deliveries, received_events
from app.core.events import FOREIGN, UNDECODABLE, Event

logger = logging.getLogger(__name__)

CHANNEL = "inbox"  # PostgreSQL tells the dispatchers of other processes; with SQLite they poll
NOT_AN_EVENT = "the message could not be read as an event"


class Inbox:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def store(self, events: Sequence[Event]) -> None:
        """Keep the events in this order, all or none. Those that are there already change nothing.

        Stores take turns, so that the numbers they give are in the order of their commits.
        """
        if not events:
            return
        keep = self._store_in_postgresql if self._database.is_postgresql else self._store_in_sqlite
        try:
            await keep(events)
        except (StatementError, UnicodeError, OverflowError) as error:
            if not _is_about_content(error):
                raise
            if len(events) == 1:  # it must not stop the fetcher, for it would come again and again
                logger.error("event cannot be stored; only its id is kept, as a dead letter", exc_info=error)
                await keep([_emptied(events[0])])
                return
            for event in events:
                await self.store([event])

    async def _store_in_postgresql(self, events: Sequence[Event]) -> None:
        """One statement, so that a process frozen in the middle does not block other stores."""
        rows = [_row(event) for event in events]
        values: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
        values |= {"headers": [json.dumps(row["headers"]) for row in rows], "channel": self._database.channel(CHANNEL)}
        async with single_statements(self._database.engine).connect() as connection:
            await connection.execute(STORE, values)

    async def _store_in_sqlite(self, events: Sequence[Event]) -> None:
        async with self._database.engine.begin() as connection:
            known = (await connection.execute(select(consumers.c.consumers))).scalar_one()
            for event in events:
                await self._store_one(connection, event, known)

    async def _store_one(self, connection: AsyncConnection, event: Event, known: dict[str, Any]) -> None:
        values = _row(event) | {"received_at": self._database.now()}
        new = await connection.execute(sqlite.insert(received_events).values(values).on_conflict_do_nothing())
        if new.rowcount != 1:
            return
        wanted = [(name, about["ordered"]) for name, about in known.items() if event.type in about["types"]]
        copied = {name: values[name] for name in ("event_id", "shard")}
        rows: list[dict[str, Any]] = [
            {"consumer": name, **copied, "lane": values["lane"] if ordered else str(event.id), "state": WAITING}
            for name, ordered in wanted
        ]
        if event.type == UNDECODABLE:
            dead = {"state": DEAD, "reason": NOT_AN_EVENT, "finished_at": self._database.now()}
            rows.append({"consumer": UNDECODABLE, **copied, "lane": values["lane"], **dead})
        for row in rows:
            await connection.execute(deliveries.insert().values(row))


def lane_of(event: Event) -> str:
    """What is handled one after the other. A message of another service without a subject is a lane of its own."""
    if event.version != FOREIGN and event.subject:
        return event.subject
    return f"{event.source}/{event.subject}" if event.subject else str(event.id)


def _row(event: Event) -> dict[str, Any]:
    lane = lane_of(event)
    return {"event_id": event.id, "lane": lane, "shard": crc32(lane.encode()) % SHARDS, **to_columns(event)}


def _is_about_content(error: Exception) -> bool:
    """Whether the content is refused: class 22 of SQLSTATE, or the driver cannot encode the text."""
    original: Any = getattr(error, "orig", error)
    state = str(getattr(original, "sqlstate", "") or "")
    return state.startswith("22") or isinstance(original.__cause__ or original, (UnicodeError, OverflowError))


def _emptied(event: Event) -> Event:
    return Event(id=event.id, type=UNDECODABLE, version=1, source="", subject="", time=datetime.now(UTC), data=b"")
