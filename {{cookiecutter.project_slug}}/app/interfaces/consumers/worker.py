"""Event processing of one process: the relay, and the consumer where this process is a worker."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from app.core.events import EventBus, OutboxRelay
from app.core.message_bus import MessageBus
from app.core.scope import OpenScope

logger = logging.getLogger(__name__)

RESTART_DELAY = 1.0  # seconds


@asynccontextmanager
async def event_processing(
    open_scope: OpenScope, message_bus: MessageBus, grace: float, *, consume: bool
) -> AsyncIterator[None]:
    """Run in the background until the context ends; then let handlers finish within `grace` seconds.

    A web process relays but does not consume. (A bus that lives in the process delivers while it
    relays, so it needs no consumer.)
    """
    async with open_scope() as scope:
        bus, relay = await scope.get(EventBus), await scope.get(OutboxRelay)
    bus.subscribe(message_bus.receive)
    for topic in message_bus.foreign_topics:
        bus.listen(topic, message_bus.receive)
    stop = asyncio.Event()
    tasks = [asyncio.create_task(_supervised("relay", relay.run, stop))]
    if consume:
        tasks.append(asyncio.create_task(_supervised("consumer", bus.run, stop)))
    try:
        yield
    finally:
        stop.set()
        message_bus.stop()
        _, late = await asyncio.wait(tasks, timeout=grace)
        for task in late:
            logger.warning("not finished within the grace period, cutting it off")
            task.cancel()  # what it had in hand was not acknowledged and comes again
        await asyncio.gather(*tasks, return_exceptions=True)


async def _supervised(name: str, run: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event) -> None:
    """Run until `stop`; should it end before, by a mistake, then say so and start it again."""
    while not stop.is_set():
        try:
            await run(stop)
        except Exception as error:
            logger.critical("%s ended by a mistake, starting it again", name, exc_info=error)
        if not stop.is_set():
            await asyncio.sleep(RESTART_DELAY)
