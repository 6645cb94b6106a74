import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

from app.core.events import Event, OutboxRelay, Receive
from app.infrastructure.db.engine import create_engine, make_sessions
from app.infrastructure.db.envelope import to_columns
from app.infrastructure.db.models import OutboxRow
from app.infrastructure.db.outbox import OutboxSignal, SqlOutbox
from app.infrastructure.db.relay import SqlOutboxRelay
from tests.database import Database
from tests.fakes import NOON
from tests.waiting import eventually


class RecordingBus:
    """Notes what is published; refuses as often as it is told to."""

    def __init__(self, failures: int = 0, delay: float = 0.0) -> None:
        self.published: list[Event] = []
        self.failures = failures
        self._delay = delay

    def subscribe(self, receive: Receive) -> None: ...

    def listen(self, topic: str, receive: Receive) -> None: ...

    async def publish(self, event: Event) -> None:
        await self.publish_many([event])

    async def publish_many(self, events: Sequence[Event]) -> None:
        await asyncio.sleep(self._delay)
        if self.failures:
            self.failures -= 1
            raise ConnectionError
        self.published += events

    async def run(self, stop: asyncio.Event) -> None: ...

    async def ping(self) -> None: ...


def numbered(number: int) -> Event:
    """One of five subjects in turn; `version` tells the order."""
    return Event(
        id=UUID(int=number), type="t", version=number, source="s", subject=str(number % 5), time=NOON, data=b"{}"
    )


async def store(database: Database, numbers: range) -> None:
    engine = create_engine(database.url)
    async with make_sessions(engine).begin() as session:
        session.add_all(OutboxRow(id=event.id, **to_columns(event)) for event in map(numbered, numbers))
    await engine.dispose()


@asynccontextmanager
async def relaying(database: Database, bus: RecordingBus, poll: float = 0.05) -> AsyncIterator[OutboxRelay]:
    """A relay as a process of its own would have it: with its own engine."""
    engine, stop = create_engine(database.url), asyncio.Event()
    relay = SqlOutboxRelay(engine, bus, OutboxSignal(), poll, timedelta(days=30))
    task = asyncio.create_task(relay.run(stop))
    try:
        yield relay
    finally:
        stop.set()
        await task
        await engine.dispose()


def versions_by_subject(events: list[Event]) -> dict[str, list[int]]:
    by_subject = defaultdict(list)
    for event in events:
        by_subject[event.subject].append(event.version)
    return by_subject


async def test_two_relays_publish_each_event_once_and_in_order(database: Database) -> None:
    bus = RecordingBus(delay=0.001)  # both publish to the same bus
    async with relaying(database, bus), relaying(database, bus):
        for start in range(0, 400, 40):
            await store(database, range(start, start + 40))
        await eventually(lambda: len(bus.published) >= 400)
        await eventually(database.is_published)
    assert len(bus.published) == 400
    assert all(versions == sorted(versions) for versions in versions_by_subject(bus.published).values())


async def test_another_relay_takes_over_when_one_ends(database: Database) -> None:
    first, second = RecordingBus(), RecordingBus()
    async with relaying(database, second):
        async with relaying(database, first):
            await store(database, range(5))
            await eventually(lambda: len(first.published) + len(second.published) == 5)
        await store(database, range(5, 10))
        await eventually(lambda: len(first.published) + len(second.published) == 10)


async def test_a_bus_that_is_away_costs_no_event_and_no_order(database: Database) -> None:
    bus = RecordingBus(failures=2)
    await store(database, range(250))
    async with relaying(database, bus):
        await eventually(database.is_published)
    assert [event.version for event in bus.published] == list(range(250))


async def test_a_commit_in_another_process_wakes_the_relay(database: Database) -> None:
    bus, poll = RecordingBus(), 3600.0 if database.url.startswith("postgresql") else 0.05  # SQLite cannot tell
    async with relaying(database, bus, poll):
        await store(database, range(1))
        await eventually(lambda: _told(database, bus))


async def _told(database: Database, bus: RecordingBus) -> bool:
    if database.url.startswith("postgresql"):
        await database.execute("SELECT pg_notify('outbox', '')")  # as a unit of work does in its transaction
    return len(bus.published) == 1


async def test_published_events_are_forgotten_after_their_retention(database: Database) -> None:
    await store(database, range(1))
    bus = RecordingBus()
    async with relaying(database, bus):
        await eventually(database.is_published)
    await database.execute("UPDATE outbox SET published_at = '2020-01-01 00:00:00'")
    await store(database, range(1, 2))
    async with relaying(database, bus):
        await eventually(database.is_published)
        await eventually(lambda: _one_row_left(database))


async def _one_row_left(database: Database) -> bool:
    return await database.rows("SELECT version FROM outbox") == [(1,)]


async def test_the_status_tells_how_many_wait_and_since_when(database: Database) -> None:
    engine = create_engine(database.url)
    assert (await SqlOutbox(engine).status()).unpublished == 0
    await store(database, range(3))
    status = await SqlOutbox(engine).status()
    await engine.dispose()
    assert (status.unpublished, status.oldest) == (3, NOON)
