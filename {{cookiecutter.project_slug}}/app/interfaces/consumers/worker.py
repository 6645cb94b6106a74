"""Event processing of one process: the relay, and the consumer where this process is a worker."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from app.core.events import UNDECODABLE, EventBus, OutboxRelay
from app.core.message_bus import MessageBus
from app.core.scope import OpenScope

logger = logging.getLogger(__name__)


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
    for event_type in message_bus.event_types:
        bus.subscribe(event_type, message_bus.handle)
    bus.subscribe(UNDECODABLE, message_bus.reject)
    stop = asyncio.Event()
    tasks = [_start("relay", relay.run(stop), stop)]
    if consume:
        tasks.append(_start("consumer", bus.run(stop), stop))
    try:
        yield
    finally:
        stop.set()
        message_bus.stop()
        _, late = await asyncio.wait(tasks, timeout=grace)
        for task in late:
            task.cancel()  # what it had in hand was not acknowledged and comes again
        await asyncio.gather(*tasks, return_exceptions=True)


def _start(name: str, job: Coroutine[Any, Any, None], stop: asyncio.Event) -> asyncio.Task[None]:
    def report(task: asyncio.Task[None]) -> None:
        if task.cancelled():
            logger.warning("%s did not finish within the grace period", name)
        elif error := task.exception():
            logger.critical("%s ended by a mistake of ours", name, exc_info=error)
        elif not stop.is_set():
            logger.critical("%s ended before it was told to", name)

    task = asyncio.create_task(job)
    task.add_done_callback(report)
    return task
