"""What a bus does with events while all goes well."""

import os
from dataclasses import replace

import pytest

from app.core.events import Event
from tests.chassis.contract.applicability import Capability, needs
from tests.chassis.contract.harness import Harness
from tests.chassis.contract.support import Inbox, event, events, in_order, until

HEADERS = {"requestid": "r-1", "traceparent": "00-0af7-b7ad-01", "tenant": "größe こんにちは", "empty": ""}


@pytest.mark.parametrize(
    "published",
    [
        replace(event(1, subject="größe"), version=3, data=b"\x00{}\xff", headers=HEADERS),
        replace(event(1), data=b""),
        replace(event(1), data=os.urandom(1_000_000)),
    ],
    ids=["with headers", "without payload", "of one megabyte"],
)
async def test_an_event_is_stored_as_it_was_published(harness: Harness, published: Event) -> None:
    inbox = Inbox()
    async with harness.fetching(inbox):
        await harness.publish(published)
        await until(lambda: bool(inbox.events))
    assert inbox.events == [published]


async def test_every_event_is_stored_once_and_in_the_order_of_its_subject(harness: Harness) -> None:
    inbox = Inbox()
    async with harness.fetching(inbox):
        for first in range(0, 1000, 250):
            await harness.publish(*events(range(first, first + 250)))
        await until(inbox.has(range(1000)))
    assert len(inbox.events) == 1000
    assert inbox.firsts() == in_order(range(1000))
    assert inbox.errors == []


async def test_events_of_several_types_keep_their_order_among_each_other(harness: Harness) -> None:
    inbox = Inbox()
    async with harness.fetching(inbox):
        await harness.publish(event(1), event(2, event_type="nobody's"), event(3, event_type="other"), event(4))
        await until(inbox.has([1, 2, 3, 4]))
    assert inbox.numbers == [1, 2, 3, 4]


@needs(Capability.BROKER)
async def test_large_events_are_handed_over_in_small_batches(harness: Harness) -> None:
    inbox = Inbox()
    small, large = events(range(600)), [replace(event(n), data=b"%d" % n + b" " * 900_000) for n in range(600, 640)]
    await harness.publish(*small, *large)
    async with harness.fetching(inbox):
        await until(lambda: len(inbox.events) == 640)
    assert max(len(batch) for batch in inbox.batches) <= 500
    assert max(sum(len(event.data) for event in batch) for batch in inbox.batches) <= 8_000_000
    assert inbox.firsts()["a"] == list(range(600, 640))


@needs(Capability.BROKER)
async def test_what_is_published_before_anybody_fetches_is_kept(harness: Harness) -> None:
    inbox = Inbox()
    await harness.publish(event(1), event(2))
    async with harness.fetching(inbox):
        await until(lambda: inbox.numbers == [1, 2])


@needs(Capability.BROKER)
async def test_every_service_gets_every_event_also_one_that_comes_later(harness: Harness) -> None:
    one, other, late = Inbox(), Inbox(), Inbox()
    async with harness.fetching(one, "one"), harness.fetching(other, "other"):
        await harness.publish(event(1), event(2))
        await until(lambda: one.numbers == other.numbers == [1, 2])
    async with harness.fetching(late, "late"):
        await until(lambda: late.numbers == [1, 2])


@needs(Capability.BROKER)
async def test_fetching_goes_on_where_it_ended(harness: Harness) -> None:
    first, second = Inbox(), Inbox()
    async with harness.fetching(first):
        for number in (1, 2, 3):
            await harness.publish(event(number))
            await until(first.has([number]))
    async with harness.fetching(second):
        await harness.publish(event(4))
        await until(second.has([4]))
    assert second.numbers in ([4], [3, 4])  # the last one again, if the end came before it was acknowledged


async def test_the_check_of_a_bus_that_works_passes(harness: Harness) -> None:
    async with harness.open_bus() as bus:
        await bus.check()
