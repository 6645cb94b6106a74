"""What is particular to the memory bus."""

import asyncio
from collections.abc import Sequence

import pytest

from app.chassis.broker.bus import EventBusSettings, open_event_bus
from app.core.events import Event
from tests.chassis.contract.support import Inbox, event


async def test_publishing_waits_until_somebody_fetches() -> None:
    inbox = Inbox()
    async with open_event_bus(EventBusSettings(), "service") as bus:
        publishing = asyncio.create_task(bus.publish_many([event(1)]))
        await asyncio.sleep(0.05)
        assert not publishing.done()
        fetching = asyncio.create_task(bus.fetch(inbox.store, ["a topic of nobody"]))
        await publishing
        fetching.cancel()
    assert inbox.numbers == [1]


async def test_publishing_waits_again_when_fetching_has_ended() -> None:
    inbox = Inbox()
    async with open_event_bus(EventBusSettings(), "service") as bus:
        fetching = asyncio.create_task(bus.fetch(inbox.store))
        await bus.publish_many([event(1)])
        fetching.cancel()
        await asyncio.wait([fetching])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(bus.publish_many([event(2)]), 0.05)
    assert inbox.numbers == [1]


async def test_publishing_fails_as_storing_does() -> None:
    async def refuse(batch: Sequence[Event]) -> None:
        raise OSError("the disk is full")

    async with open_event_bus(EventBusSettings(), "service") as bus:
        fetching = asyncio.create_task(bus.fetch(refuse))
        with pytest.raises(OSError, match="the disk is full"):
            await bus.publish_many([event(1)])
        fetching.cancel()
