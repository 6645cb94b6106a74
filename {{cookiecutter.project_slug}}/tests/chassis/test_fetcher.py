import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from app.chassis import fetcher
from app.chassis.fetcher import Fetcher
from app.core.events import Event, Store
from app.core.subscriptions import Subscription
from tests.chassis.conftest import OpenMachine
from tests.chassis.inbox_rows import until_states
from tests.chassis.local_bus import LocalBus
from tests.chassis.sample import Counted, counted
from tests.chassis.sample_handlers import First
from tests.chassis.waiting import eventually


class WatchedBus(LocalBus):
    """Notes when it is asked to fetch, and how many do it at the same time."""

    def __init__(self, topic: list[Event] | None = None, failures: int = 0) -> None:
        super().__init__(topic)
        self.began: list[float] = []
        self.now = 0
        self.topics: Sequence[str] = ()
        self._failures = failures

    async def fetch(self, store: Store, topics: Sequence[str] = ()) -> None:
        self.began.append(asyncio.get_running_loop().time())
        self.topics = topics
        self.now += 1
        try:
            if len(self.began) <= self._failures:
                raise ConnectionError
            await super().fetch(store, topics)
        finally:
            self.now -= 1


@asynccontextmanager
async def fetching(bus: LocalBus, stored: list[Event], ours: list[bool]) -> AsyncIterator[None]:
    async def store(events: Sequence[Event]) -> None:
        stored.extend(events)

    stop = asyncio.Event()
    task = asyncio.create_task(Fetcher(bus, store, ["shop"], lambda: ours[0]).run(stop))
    yield
    stop.set()
    await asyncio.wait_for(task, 5)


async def test_fetches_while_it_is_its_turn_and_no_longer() -> None:
    bus, stored, ours = WatchedBus(), list[Event](), [False]
    async with fetching(bus, stored, ours):
        await asyncio.sleep(0.3)
        assert bus.began == []
        ours[0] = True
        bus.topic += [counted(1)]
        await eventually(lambda: len(stored) == 1)
        assert bus.topics == ["shop"]
        ours[0] = False
        await eventually(lambda: bus.now == 0)
    assert bus.now == 0


async def test_tries_again_ever_more_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "FIRST_DELAY", 0.05)
    monkeypatch.setattr(fetcher, "MAX_DELAY", 0.2)
    bus, stored = WatchedBus([counted(1)], failures=5), list[Event]()
    async with fetching(bus, stored, [True]):
        await eventually(lambda: len(stored) == 1)
    gaps = [later - earlier for earlier, later in zip(bus.began, bus.began[1:], strict=False)]
    for gap, least in zip(gaps, [0.05, 0.1, 0.2, 0.2, 0.2], strict=True):
        assert gap >= least * 0.9


async def test_what_the_store_refuses_is_fetched_again() -> None:
    bus, kept, refused = LocalBus([counted(n) for n in range(3)]), list[Event](), [True]

    async def store(events: Sequence[Event]) -> None:
        if refused.pop() if refused else False:
            raise ConnectionError
        kept.extend(events)

    stop = asyncio.Event()
    task = asyncio.create_task(Fetcher(bus, store, [], lambda: True).run(stop))
    await eventually(lambda: len(kept) == 3)
    stop.set()
    await task


async def test_ends_at_once_while_it_waits_after_a_failure() -> None:
    bus = WatchedBus(failures=99)
    async with asyncio.timeout(5), fetching(bus, [], [True]):
        await eventually(lambda: len(bus.began) == 3)  # now it would wait for two seconds


async def test_of_two_processes_one_fetches_and_the_other_takes_over(open_machine: OpenMachine) -> None:
    topic = [counted(n) for n in range(20)]
    one, other, first = WatchedBus(topic), WatchedBus(topic), First()
    subscription = Subscription("first", Counted, First)
    async with open_machine([subscription], first, bus=other) as machine:
        async with open_machine([subscription], first, bus=one):
            await until_states(machine.database, done=20)
            assert one.now + other.now == 1
        topic += [counted(n) for n in range(20, 40)]
        await until_states(machine.database, done=40)
        assert (one.now, other.now) == (0, 1)
