"""What the database has, read and changed behind the machine's back."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from app.chassis.inbox.consumers import ConsumerRegistry, consumers_of
from app.chassis.inbox.dead_letters import Choice, DeadLetters
from app.chassis.sql.database import Database
from app.chassis.sql.engine import read_only
from app.chassis.sql.tables import DEAD, DONE, WAITING, deliveries, received_events
from app.core.retry import RetryPolicy
from app.core.subscriptions import Subscription
from tests.chassis.sample import CounterRow
from tests.chassis.waiting import eventually

EVERY = Choice()


async def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    async with read_only(database.engine).connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def execute(database: Database, statement: str, **values: Any) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text(statement), values)


async def states(database: Database) -> dict[int, int]:
    """How many deliveries there are in each state."""
    query = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    async with read_only(database.engine).connect() as connection:
        found = (await connection.execute(query)).all()
    return {int(state): int(count) for state, count in found}


async def waiting(database: Database) -> int:
    return (await states(database)).get(WAITING, 0)


async def until_states(database: Database, seconds: float = 45.0, **expected: int) -> None:
    """Wait until there are so many deliveries in each state: `until_states(database, done=3, dead=1)`."""
    names = {"waiting": WAITING, "done": DONE, "dead": DEAD}
    wanted = {names[name]: count for name, count in expected.items()}

    async def reached() -> bool:
        return await states(database) == wanted

    await eventually(reached, seconds)


async def dead(database: Database) -> list[tuple[str, str]]:
    """Consumer and reason of each dead letter, oldest first."""
    query = select(deliveries.c.consumer, deliveries.c.reason).where(deliveries.c.state == DEAD)
    async with read_only(database.engine).connect() as connection:
        rows = (await connection.execute(query.order_by(deliveries.c.finished_at))).all()
    return [(row.consumer, row.reason) for row in rows]


async def counter(database: Database, thousand: int = 0) -> tuple[int, int]:
    """How often CountInDatabase counted numbers of this thousand, and the last of them."""
    query = select(CounterRow.count, CounterRow.last).where(CounterRow.id == UUID(int=thousand))
    async with read_only(database.engine).connect() as connection:
        row = (await connection.execute(query)).first()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


async def register(database: Database, *subscriptions: Subscription) -> None:
    """As a process does at its start."""
    await ConsumerRegistry(database).register(consumers_of(subscriptions, 20, RetryPolicy()))


async def stored(database: Database) -> list[UUID]:
    """The ids of the received events, in the order of their positions."""
    query = select(received_events.c.event_id).order_by(received_events.c.position)
    async with read_only(database.engine).connect() as connection:
        return list((await connection.execute(query)).scalars())


async def queued(database: Database, consumer: str) -> list[UUID]:
    """The ids of a consumer's events, in the order in which it is to handle them."""
    query = select(deliveries.c.event_id).where(deliveries.c.consumer == consumer).order_by(deliveries.c.seq)
    async with read_only(database.engine).connect() as connection:
        return list((await connection.execute(query)).scalars())


async def replay(database: Database, choice: Choice = EVERY) -> int:
    return sum([count async for count in DeadLetters(database).replay(choice)])


async def discard(database: Database, choice: Choice = EVERY) -> int:
    return sum([count async for count in DeadLetters(database).discard(choice)])


async def cut_connections(database: Database, which: str = "true") -> None:
    """All others to this database, as a fail-over or an operator would. `which`: a condition on pg_stat_activity."""
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    async with database.direct.connect() as connection:
        await connection.execute(text(f"{cut} AND datname = current_database() AND ({which})"))
