"""Something fails or ends between the broker and the inbox: nothing is lost, and the order is kept."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from app.core.events import UNDECODABLE, Event
from tests.chassis.contract.applicability import Capability, needs
from tests.chassis.contract.harness import Harness
from tests.chassis.contract.support import Inbox, event, events, in_order, until
from tests.chassis.contract.victim import Victim, read_stored


async def test_a_batch_that_could_not_be_stored_comes_again_before_the_next(harness: Harness) -> None:
    tried: list[list[bytes]] = []

    async def refuse_some(batch: Sequence[Event]) -> None:
        tried.append([event.data for event in batch])
        if len(tried) in (2, 3):
            raise OSError("the database is away")

    inbox = Inbox(before=refuse_some)
    async with harness.fetching(inbox):
        for first in range(0, 60, 20):
            await harness.publish(*events(range(first, first + 20)))
        await until(inbox.has(range(60)))
    assert inbox.firsts() == in_order(range(60))
    assert len(tried) > len(inbox.batches)


@needs(Capability.BROKER)
async def test_the_error_of_the_inbox_reaches_the_caller_as_it_is(harness: Harness) -> None:
    error = OSError("the database is away")

    async def refuse(batch: Sequence[Event]) -> None:
        raise error

    inbox = Inbox(before=refuse)
    await harness.publish(event(1))
    async with harness.fetching(inbox):
        await until(lambda: bool(inbox.errors))
    assert inbox.errors[0] is error


@needs(Capability.BROKER)
async def test_what_was_stored_but_not_acknowledged_comes_again(harness: Harness) -> None:
    stored = asyncio.Event()

    async def hang(batch: Sequence[Event]) -> None:
        stored.set()
        await asyncio.Event().wait()

    cut_off, inbox = Inbox(after=hang), Inbox()
    await harness.publish(event(1), event(2))
    async with harness.fetching(cut_off):
        await stored.wait()
    assert cut_off.numbers == [1, 2]
    async with harness.fetching(inbox):
        await harness.publish(event(3))
        await until(inbox.has([1, 2, 3]))
    assert list(dict.fromkeys(inbox.numbers)) == [1, 2, 3]


@needs(Capability.BROKER)
async def test_garbage_on_the_topic_is_handed_over_and_later_events_still_come(harness: Harness) -> None:
    inbox = Inbox()
    garbage = {"specversion": "1.0", "id": "42", "type": "x" * 200, "we\0ird": "\0", "time": "yesterday"}
    async with harness.fetching(inbox):
        await harness.publish(event(1))
        await harness.put(harness.topic, b"\xff\x00 not an event")
        await harness.put(harness.topic, b"{}", garbage)
        await harness.publish(event(2))
        await until(lambda: len(inbox.events) == 4)
    undecodable = [stored for stored in inbox.events if stored.type == UNDECODABLE]
    assert {stored.data for stored in undecodable} == {b"\xff\x00 not an event", b"{}"}
    assert len({stored.id for stored in undecodable}) == 2
    assert "\0" not in str([stored.headers for stored in undecodable])
    assert inbox.errors == []


@needs(Capability.BROKER)
async def test_an_undecodable_message_has_the_same_id_each_time(harness: Harness) -> None:
    first, again = Inbox(), Inbox()
    await harness.put(harness.topic, b"not an event")
    async with harness.fetching(first, "one"):
        await until(lambda: len(first.events) == 1)
    async with harness.fetching(again, "other"):
        await until(lambda: len(again.events) == 1)
    assert first.events[0].id == again.events[0].id


@needs(Capability.BROKER)
async def test_two_that_fetch_at_once_miss_nothing_and_keep_the_order(harness: Harness) -> None:
    inbox = Inbox()  # of both
    async with harness.fetching(inbox):
        for first in range(0, 300, 50):
            if first == 100:
                async with harness.fetching(inbox):
                    await harness.publish(*events(range(first, first + 50)))
                    await until(inbox.has(range(first + 50)))
            else:
                await harness.publish(*events(range(first, first + 50)))
        await until(inbox.has(range(300)))
    assert inbox.firsts() == in_order(range(300))


@needs(Capability.BROKER)
async def test_processes_that_are_frozen_and_killed_lose_nothing_and_keep_the_order(
    harness: Harness, tmp_path: Path
) -> None:
    file = tmp_path / "stored"

    async def publish_until_stored(numbers: range) -> None:
        for first in numbers[::50]:
            await harness.publish(*events(range(first, first + 50)))
        await until(lambda: read_stored(file).has(range(numbers.stop))())

    with Victim(harness, file) as one, Victim(harness, file) as other:
        await publish_until_stored(range(100))
        one.freeze()
        await publish_until_stored(range(100, 200))
        one.thaw()
        await harness.publish(*events(range(200, 250)))
        other.kill()
        await publish_until_stored(range(250, 350))
    assert read_stored(file).firsts() == in_order(range(350))
