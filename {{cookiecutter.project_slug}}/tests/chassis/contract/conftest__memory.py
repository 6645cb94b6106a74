"""The memory bus under the contract suite."""

import asyncio

import pytest

from app.core.events import Event, EventBus
from app.infrastructure.events.bus import EventBusSettings
from tests.contract.applicability import Applicability, Capability
from tests.contract.harness import Harness, Outage

LACKS = {
    Capability.SEVERAL_SERVICES: "the memory bus ends at its process: no other service can read it",
    Capability.SEVERAL_WORKERS: "the memory bus ends at its process: there is one worker, the process itself",
    Capability.STRANGERS: "nobody outside the process can write to the memory bus",
    Capability.OUTAGE: "the memory bus has no broker that could be away",
    Capability.RESTART: "the memory bus has no broker that could be restarted",
}


def pytest_configure(config: pytest.Config) -> None:
    Applicability.install(config, LACKS)


class MemoryHarness(Harness):
    """The memory bus is durable through the outbox, so this has one: a list, and a relay while a worker runs."""

    def __init__(self) -> None:
        super().__init__(EventBusSettings(), lease=0.0)
        self._outbox: list[Event] = []
        self._filled = asyncio.Event()

    async def publish(self, *events: Event) -> None:
        self._outbox.extend(events)
        self._filled.set()

    async def run(self, bus: EventBus, stop: asyncio.Event) -> None:
        await asyncio.gather(bus.run(stop), self._relay(bus, stop))

    async def _relay(self, bus: EventBus, stop: asyncio.Event) -> None:
        """As the real one: what could not be published stays, and is published again."""
        while not stop.is_set():
            batch = list(self._outbox)
            try:
                await bus.publish_many(batch)
            except Exception:
                await self._wait(stop, 0.05)
            else:
                del self._outbox[: len(batch)]
                await self._wait(stop, None if not self._outbox else 0)

    async def _wait(self, stop: asyncio.Event, seconds: float | None) -> None:
        """Until there is something new to publish, or it is time to stop."""
        self._filled.clear()
        waits = [asyncio.create_task(event.wait()) for event in (stop, self._filled)]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


@pytest.fixture
def harness() -> Harness:
    return MemoryHarness()


@pytest.fixture
def outage() -> Outage:
    raise NotImplementedError(LACKS[Capability.OUTAGE])
