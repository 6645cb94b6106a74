"""The consumers of this code, and those that the database knows: the store fans out to the latter.

In a rolling deployment an old process stores events for a consumer that only newer code has.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, cast, exists, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.chassis.inbox.renumbering import renumber
from app.chassis.sql.database import Database
from app.chassis.sql.engine import read_only
from app.chassis.sql.tables import DONE, consumers, deliveries, received_events
from app.core.exceptions import StartupError
from app.core.retry import RetryPolicy
from app.core.subscriptions import EventHandler, Subscription


@dataclass(frozen=True, slots=True)
class Consumer:
    """One queue of deliveries, and the handler of each type of event in it."""

    name: str
    handlers: Mapping[str, type[EventHandler]]
    ordered: bool
    concurrency: int
    retry: RetryPolicy
    history: timedelta


def consumers_of(subscriptions: Iterable[Subscription], concurrency: int, retry: RetryPolicy) -> dict[str, Consumer]:
    """The consumers by name. Raise `StartupError` if the subscriptions of one contradict each other."""
    found: dict[str, Consumer] = {}
    for one in subscriptions:
        known = found.get(one.consumer)
        handlers = dict(known.handlers) if known else {}
        if one.event.name in handlers:
            raise StartupError(f"two subscriptions of consumer {one.consumer!r} to {one.event.name!r}: keep one")
        handlers[one.event.name] = one.handler
        consumer = Consumer(
            name=one.consumer,
            handlers=handlers,
            ordered=one.ordered,
            concurrency=one.concurrency or concurrency,
            retry=one.retry or retry,
            history=one.history,
        )
        if known and replace(consumer, handlers=known.handlers) != known:
            raise StartupError(f"the subscriptions of consumer {one.consumer!r} differ in more than event and handler")
        found[one.consumer] = consumer
    return found


Known = dict[str, dict[str, Any]]
"""As the database keeps it: consumer -> {"types": [...], "ordered": bool}."""


class ConsumerRegistry:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self) -> Known:
        async with read_only(self._database.engine).connect() as connection:
            return await self._read(connection)

    async def register(self, ours: Mapping[str, Consumer]) -> None:
        """Add what is new. Nothing is removed: an old process may start again in the middle of a deployment."""
        known = await self.known()
        if all(_merged(known.get(name), consumer) == known.get(name) for name, consumer in ours.items()):
            return
        async with self.locked() as connection:
            known = await self._read(connection)
            for name, consumer in ours.items():
                news = set(consumer.handlers) - set(known.get(name, {}).get("types", ()))
                known[name] = _merged(known.get(name), consumer)
                if news and consumer.history:
                    await self._backfill(connection, consumer, news)
            await self._write(connection, known)

    async def orphans(self, ours: Mapping[str, Consumer]) -> list[str]:
        """Consumers that the database knows and this code does not: their deliveries wait for ever."""
        return sorted(set(await self.known()) - set(ours))

    async def rename(self, old: str, new: str) -> int:
        """Give the deliveries of `old` to `new`; how many. Raise `KeyError` if there is no `old`."""
        async with self.locked() as connection:
            known = await self._read(connection)
            about, former = known.pop(old), known.get(new, {"types": []})
            known[new] = about | {"types": sorted({*about["types"], *former["types"]})}
            await self._write(connection, known)
            await self._keep_one_of_each(connection, old, new)
            other = deliveries.alias("other")
            lanes = select(other.c.lane).where(other.c.consumer == old, other.c.state != DONE)
            await renumber(  # new numbers, because a running process has read past the old ones
                connection, self._database, deliveries.c.consumer.in_((old, new)), deliveries.c.lane.in_(lanes)
            )
            moved = await connection.execute(
                update(deliveries).where(deliveries.c.consumer == old).values(consumer=new)
            )
            return int(moved.rowcount)

    async def drop(self, name: str) -> int:
        """Forget the consumer and all of its deliveries; how many. Raise `KeyError` if there is none."""
        async with self.locked() as connection:
            known = await self._read(connection)
            del known[name]
            await self._write(connection, known)
            return int((await connection.execute(deliveries.delete().where(deliveries.c.consumer == name))).rowcount)

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[AsyncConnection]:
        """A transaction in which nothing is stored by anybody else."""
        async with self._database.engine.begin() as connection:
            await connection.execute(select(consumers.c.id).with_for_update())
            yield connection

    async def _read(self, connection: AsyncConnection) -> Known:
        return dict((await connection.execute(select(consumers.c.consumers))).scalar_one())

    async def _write(self, connection: AsyncConnection, known: Known) -> None:
        await connection.execute(update(consumers).values(consumers=known))

    async def _keep_one_of_each(self, connection: AsyncConnection, old: str, new: str) -> None:
        """If both have a delivery of an event, keep one; it is done if either is done."""
        other = deliveries.alias("other")

        def has(consumer: str, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
            return exists().where(other.c.event_id == deliveries.c.event_id, other.c.consumer == consumer, *conditions)

        mine = deliveries.c.consumer == new
        await connection.execute(deliveries.delete().where(mine, has(old, other.c.state == DONE)))
        await connection.execute(deliveries.delete().where(deliveries.c.consumer == old, has(new)))

    async def _backfill(self, connection: AsyncConnection, consumer: Consumer, types: Iterable[str]) -> None:
        """Deliver what the inbox received of these types within the consumer's `history`."""
        lane = received_events.c.lane if consumer.ordered else cast(received_events.c.event_id, String)
        past = (
            select(literal(consumer.name), received_events.c.event_id, lane, received_events.c.shard)
            .where(
                received_events.c.type.in_(sorted(types)),
                received_events.c.received_at > self._database.now(-consumer.history.total_seconds()),
            )
            .order_by(received_events.c.position)
        )
        await connection.execute(deliveries.insert().from_select(["consumer", "event_id", "lane", "shard"], past))


def _merged(known: dict[str, Any] | None, consumer: Consumer) -> dict[str, Any]:
    types = {*consumer.handlers, *(known["types"] if known else ())}
    return {"types": sorted(types), "ordered": consumer.ordered}
