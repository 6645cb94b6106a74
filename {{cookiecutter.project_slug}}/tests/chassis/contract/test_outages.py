"""The broker is away, at the start or later: workers wait for it, publishers are told."""

import asyncio

from app.core.events import Event
from tests.contract.applicability import Capability, needs
from tests.contract.harness import PATIENCE, Harness, Outage
from tests.contract.support import Gate, Handling, Records, event, until

pytestmark = needs(Capability.OUTAGE)


async def publish_as_the_relay_does(harness: Harness, published: Event) -> None:
    """Until it succeeds. So an event may be published twice; the inbox of a service copes."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await harness.publish(published)
            except Exception:
                await asyncio.sleep(0.1)


async def test_a_worker_that_starts_before_its_broker_waits_for_it(outage: Outage) -> None:
    outage.broker.stop()
    records = Records()
    handling = Handling(records)
    async with outage.harness.working(handling) as running:
        await asyncio.wait([running], timeout=0.5)
        outage.broker.start()
        await publish_as_the_relay_does(outage.harness, event(1))
        await until(lambda: len(records.settled) == 1)


async def test_a_worker_carries_on_after_an_outage(outage: Outage) -> None:
    records = Records()
    handling = Handling(records)
    async with outage.harness.working(handling):
        await outage.harness.publish(event(1))
        await until(lambda: len(records.settled) == 1)
        outage.broker.stop()
        await asyncio.sleep(0.5)
        outage.broker.start()
        await publish_as_the_relay_does(outage.harness, event(2))
        await until(lambda: len(records.settled) == 2)
    assert handling.calls == [1, 2]


@needs(Capability.RESTART)
async def test_events_that_nobody_handled_before_an_outage_are_delivered_after_it(outage: Outage) -> None:
    records = Records()
    await outage.harness.publish(*(event(n) for n in range(20)))
    outage.broker.stop()
    handling = Handling(records)
    async with outage.harness.working(handling):
        outage.broker.start()
        await until(lambda: len(records.settled) == 20)
    assert handling.calls == list(range(20))


async def test_an_event_in_hand_when_the_broker_goes_away_takes_effect_once(outage: Outage) -> None:
    gate, records = Gate(), Records()
    handling = Handling(records, gate)
    async with outage.harness.working(handling):
        await outage.harness.publish(event(1))
        await gate.entered.wait()
        outage.broker.stop()
        gate.opened.set()
        await until(lambda: gate.passed == [1])
        outage.broker.start()
        await publish_as_the_relay_does(outage.harness, event(2))
        await until(lambda: len(records.settled) == 2)
    assert handling.calls == [1, 2]


async def test_publishing_and_ping_say_that_the_broker_is_away(outage: Outage) -> None:
    async with outage.harness.open_bus() as bus:
        await bus.publish(event(1))
        await bus.ping()
        outage.broker.stop()
        async with asyncio.timeout(PATIENCE):
            answers = await asyncio.gather(bus.publish(event(2)), bus.ping(), return_exceptions=True)
        assert all(isinstance(answer, Exception) for answer in answers)
        outage.broker.start()
        await publish_as_the_relay_does(outage.harness, event(2))


async def test_a_worker_stops_while_the_broker_is_away(outage: Outage) -> None:
    async with outage.harness.working(Handling(Records())):
        outage.broker.stop()
        await asyncio.sleep(0.5)
