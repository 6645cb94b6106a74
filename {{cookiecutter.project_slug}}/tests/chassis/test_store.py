import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import update

from app.chassis.inbox.consumers import ConsumerRegistry
from app.chassis.inbox.store import Inbox, lane_of
from app.chassis.sql.database import Database
from app.chassis.sql.tables import consumers
from app.core.subscriptions import Subscription
from tests.chassis.conftest import only_postgresql
from tests.chassis.inbox_rows import dead, queued, register, rows, states, stored
from tests.chassis.sample import Counted, Renamed, counted, foreign, renamed, undecodable
from tests.chassis.sample_handlers import First, OfRenamed

FIRST = Subscription("first", Counted, First)
OTHER = Subscription("other", Renamed, OfRenamed)
AHEAD = timezone(timedelta(hours=14))


async def test_what_is_stored_already_changes_nothing(database: Database) -> None:
    await register(database, FIRST)
    events = [counted(n) for n in range(3)]
    await Inbox(database).store([*events, *events])
    await Inbox(database).store([counted(3), *events])
    assert (await stored(database))[:3] == [event.id for event in events]
    assert await states(database) == {0: 4}


async def test_events_are_numbered_in_the_order_of_the_batch_for_each_consumer(database: Database) -> None:
    await register(database, FIRST, Subscription("second", Counted, First))
    events = [counted(n, subject=str(n * 7 % 10)) for n in range(60)]
    for start in range(0, 60, 20):
        await Inbox(database).store(events[start : start + 20])
    in_order = [event.id for event in events]
    assert await stored(database) == in_order
    assert await queued(database, "first") == in_order
    assert await queued(database, "second") == in_order


async def test_stores_at_the_same_moment_take_turns(database: Database) -> None:
    await register(database, FIRST)
    batches = [[counted(n) for n in range(10)] for _ in range(8)]
    await asyncio.gather(*(Inbox(database).store(batch) for batch in batches))
    assert await queued(database, "first") == await stored(database)
    assert len(await stored(database)) == 80


async def test_only_consumers_that_want_the_type_get_a_delivery(database: Database) -> None:
    await register(database, FIRST, OTHER)
    one, other = counted(1), renamed()
    await Inbox(database).store([one, other])
    assert await queued(database, "first") == [one.id]
    assert await queued(database, "other") == [other.id]


async def test_an_own_type_that_no_consumer_wants_is_kept_without_deliveries(database: Database) -> None:
    await register(database, FIRST)
    await Inbox(database).store([counted(1, type="sample.unknown")])
    assert len(await stored(database)) == 1
    assert await states(database) == {}


async def test_what_cannot_be_decoded_is_a_dead_letter_of_its_own_and_parks_nothing(database: Database) -> None:
    await register(database, FIRST)
    await Inbox(database).store([undecodable(), undecodable(), counted(1, subject="")])
    assert await dead(database) == [("undecodable", "the message could not be read as an event")] * 2
    assert len(set(await rows(database, "SELECT lane FROM deliveries"))) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "a\0b"},
        {"subject": "\ud800"},
        {"type": "\udfff", "source": "\0"},
        {"source": "\ud800"},
        {"headers": {"a": "\0\ud800"}},
        {"subject": "x" * 300},
        {"subject": "é" * 101},
        {"type": "x" * 300},
        {"version": 2**31},
        {"version": 2**80},
        {"version": -(2**80)},
        {"time": datetime.min.replace(tzinfo=AHEAD)},
        {"time": datetime.max.replace(tzinfo=UTC)},
        {"data": b"\0\xff" * 10},
        {"data": b"x" * 2_000_000},
    ],
    ids=lambda changes: "-".join(f"{name}-{ascii(value)[:12]}" for name, value in changes.items()),
)
async def test_no_content_keeps_the_events_behind_it_out(database: Database, changes: dict[str, Any]) -> None:
    await register(database, FIRST)
    before, after, later = counted(0), counted(1), counted(2)
    bad = counted(9, **changes)
    await Inbox(database).store([before, bad, after])
    await Inbox(database).store([bad])
    await Inbox(database).store([later])
    assert await stored(database) == [before.id, bad.id, after.id, later.id]
    fine = [event for event in await queued(database, "first") if event != bad.id]
    assert fine == [before.id, after.id, later.id]


@only_postgresql
async def test_a_consumer_registered_while_a_store_waits_for_its_turn_gets_the_event(database: Database) -> None:
    await register(database, FIRST)
    event = counted(1)
    async with ConsumerRegistry(database).locked() as connection:
        storing = asyncio.create_task(Inbox(database).store([event]))
        await asyncio.sleep(0.2)
        assert not storing.done()
        known = {name: {"types": [Counted.name], "ordered": True} for name in ("first", "new")}
        await connection.execute(update(consumers).values(consumers=known))
    await storing
    assert await queued(database, "new") == [event.id]


def test_messages_of_other_services_have_lanes_by_topic_and_subject() -> None:
    assert lane_of(foreign(1, "7")) == lane_of(foreign(2, "7"))
    assert lane_of(foreign(1, "7")) != lane_of(foreign(1, "7", source="stock"))
    assert lane_of(foreign(1, "7")) != lane_of(counted(1, "7"))
    assert lane_of(foreign(1)) != lane_of(foreign(1))
    assert lane_of(counted(1, "7")) == lane_of(renamed("7"))


async def test_an_unordered_consumer_has_a_lane_for_each_event(database: Database) -> None:
    await register(database, Subscription("mails", Counted, First, ordered=False), FIRST)
    await Inbox(database).store([counted(n) for n in range(3)])
    lanes = set(await rows(database, "SELECT consumer, lane FROM deliveries"))
    assert sorted(consumer for consumer, _ in lanes) == ["first", "mails", "mails", "mails"]
