"""The memory bus under the contract suite."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.chassis.broker.bus import EventBusSettings, open_event_bus
from app.core.events import Event, EventBus
from tests.chassis.contract.applicability import Applicability, Capability
from tests.chassis.contract.harness import Harness, Outage

LACKS = {
    Capability.BROKER: "the memory bus ends at its process, and keeps nothing itself: publishing is storing",
    Capability.OUTAGE: "the memory bus has no broker that could be away",
    Capability.RESTART: "the memory bus has no broker that could be restarted",
    Capability.TRANSACTIONS: "the memory bus has no broker that could have transactions",
}


def pytest_configure(config: pytest.Config) -> None:
    Applicability.install(config, LACKS)


class MemoryHarness(Harness):
    """There is one bus: the process. What could not be published is published again, as the relay does."""

    def __init__(self) -> None:
        super().__init__(EventBusSettings())
        self._bus: EventBus | None = None

    @asynccontextmanager
    async def open_bus(self, service: str = "") -> AsyncIterator[EventBus]:
        if self._bus is None:
            async with open_event_bus(self.settings, self.service) as self._bus:
                pass  # it holds nothing that ends with its context
        yield self._bus

    async def publish(self, *events: Event) -> None:
        async with self.open_bus() as bus:
            while True:
                try:
                    return await bus.publish_many(events)
                except Exception:
                    await asyncio.sleep(0.02)


@pytest.fixture
def harness() -> Harness:
    return MemoryHarness()


@pytest.fixture
def outage() -> Outage:
    raise NotImplementedError(LACKS[Capability.OUTAGE])
