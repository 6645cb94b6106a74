"""Keeps the bus fetching, as long as it is this process's turn."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from app.chassis.waiting import wait_for_any
from app.core.events import EventBus, Store

logger = logging.getLogger(__name__)

FIRST_DELAY, MAX_DELAY = 0.5, 10.0  # seconds until the next try after a failure
LOOK = 0.2  # seconds between two looks at whose turn it is
STEADY = 60.0  # seconds without a failure after which the delay starts again at FIRST_DELAY


class Fetcher:
    """`is_ours` says whether it is this process that fetches; two at once would only repeat each other's work."""

    def __init__(self, bus: EventBus, store: Store, topics: Sequence[str], is_ours: Callable[[], bool]) -> None:
        self._bus = bus
        self._store = store
        self._topics = topics
        self._is_ours = is_ours

    async def run(self, stop: asyncio.Event) -> None:
        """Fetch until `stop` is set. Survives a broker or database that is away."""
        loop, delay = asyncio.get_running_loop(), FIRST_DELAY
        while not stop.is_set():
            if not self._is_ours():
                await asyncio.sleep(LOOK)
                continue
            began = loop.time()
            try:
                await self._fetch_while_ours(stop)
            except Exception as error:
                delay = FIRST_DELAY if loop.time() - began > STEADY else delay
                logger.warning("fetching events failed, trying again", extra={"seconds": delay}, exc_info=error)
                await wait_for_any(stop, timeout=delay)
                delay = min(MAX_DELAY, 2 * delay)

    async def _fetch_while_ours(self, stop: asyncio.Event) -> None:
        """Whatever is cut off is fetched again: what is stored already changes nothing."""
        fetching = asyncio.create_task(self._bus.fetch(self._store, self._topics))
        ended = asyncio.Event()
        fetching.add_done_callback(lambda _: ended.set())
        try:
            while self._is_ours() and not stop.is_set() and not fetching.done():
                await wait_for_any(stop, ended, timeout=LOOK)
            if fetching.done():
                fetching.result()
        finally:
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)
