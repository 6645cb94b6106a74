"""The broker is away, at the start or later: fetching goes on when it is back, and publishers are told."""

import asyncio
import time

import pytest

from app.chassis.broker.errors import EventBusError
from tests.chassis.contract.applicability import Capability, needs
from tests.chassis.contract.harness import Outage, publish_as_the_relay_does
from tests.chassis.contract.support import Inbox, event, events, in_order, until

pytestmark = needs(Capability.OUTAGE)

QUICK = 12.0  # seconds


async def test_who_fetches_before_the_broker_is_there_waits_for_it(outage: Outage) -> None:
    await outage.stop()
    inbox = Inbox()
    async with outage.harness.fetching(inbox):
        await asyncio.sleep(0.5)
        await outage.start()
        await outage.harness.publish_somehow(event(1))
        await until(inbox.has([1]))


async def test_fetching_goes_on_after_an_outage(outage: Outage) -> None:
    inbox = Inbox()
    async with outage.harness.fetching(inbox):
        await outage.harness.publish(event(1))
        await until(inbox.has([1]))
        await outage.stop()
        await asyncio.sleep(0.5)
        await outage.start()
        await outage.harness.publish_somehow(event(2))
        await until(inbox.has([2]))


@needs(Capability.RESTART)
async def test_what_was_published_survives_the_kill_of_the_broker(outage: Outage) -> None:
    inbox = Inbox()
    await outage.harness.publish(*events(range(100)))
    await outage.kill()
    await outage.start()
    async with outage.harness.fetching(inbox):
        await until(inbox.has(range(100)))
    assert inbox.firsts() == in_order(range(100))


@needs(Capability.RESTART)
async def test_what_is_published_and_fetched_over_an_outage_is_complete_and_in_order(outage: Outage) -> None:
    inbox = Inbox()

    async def publish_all() -> None:
        async with outage.harness.open_bus() as bus:
            for first in range(0, 400, 20):
                await publish_as_the_relay_does(bus, *events(range(first, first + 20)))
                await asyncio.sleep(0.02)

    async with outage.harness.fetching(inbox):
        publishing = asyncio.create_task(publish_all())
        await until(lambda: len(inbox.numbers) > 20)
        await outage.kill()
        await asyncio.sleep(1)
        await outage.start()
        await publishing
        await until(inbox.has(range(400)))
    assert inbox.firsts() == in_order(range(400))


async def test_publishing_and_check_say_soon_that_the_broker_is_away(outage: Outage) -> None:
    async with outage.harness.open_bus() as bus:
        await bus.publish_many([event(1)])
        await bus.check()
        await outage.stop()
        started = time.monotonic()
        with pytest.raises(EventBusError, match=r"cannot publish to topic .* does not answer"):
            await bus.publish_many([event(2)])
        with pytest.raises(EventBusError, match=r"cannot use topic .* does not answer"):
            await bus.check()
        assert time.monotonic() - started < QUICK
        await outage.start()
        await outage.harness.publish_somehow(event(3))


async def test_fetching_can_be_ended_while_the_broker_is_away(outage: Outage) -> None:
    inbox = Inbox()
    await outage.harness.publish(event(1))
    async with outage.harness.fetching(inbox):
        await until(inbox.has([1]))
        await outage.stop()
        await asyncio.sleep(0.5)
