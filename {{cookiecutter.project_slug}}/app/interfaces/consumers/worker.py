"""Event processing of one process: the relay, and the consumer where this process is a worker."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from app.core.delivery import DeadLetters, Inbox
from app.core.events import UNDECODABLE, EventBus, EventCodec, OutboxRelay
from app.core.message_bus import MessageBus
from app.core.retry import RetryPolicy
from app.core.scope import OpenScope
from app.core.subscriptions import Subscription

logger = logging.getLogger(__name__)


@asynccontextmanager
async def event_processing(
    open_scope: OpenScope, subscriptions: tuple[Subscription, ...], retry: RetryPolicy, grace: float, *, consume: bool
) -> AsyncIterator[None]:
    """Run in the background until the context ends; then let handlers finish within `grace` seconds.

    A web process relays but does not consume. (A bus that lives in the process delivers while it
    relays, so it needs no consumer.)
    """
    async with open_scope() as scope:
        bus, relay = await scope.get(EventBus), await scope.get(OutboxRelay)
        message_bus = MessageBus(
            subscriptions,
            open_scope,
            await scope.get(EventCodec),
            await scope.get(Inbox),
            await scope.get(DeadLetters),
            retry,
        )
    for event_type in message_bus.event_types:
        bus.subscribe(event_type, message_bus.handle)
    bus.subscribe(UNDECODABLE, message_bus.reject)
    stop = asyncio.Event()
    work = [relay.run(stop), bus.run(stop)] if consume else [relay.run(stop)]
    tasks = [_start(job) for job in work]
    try:
        yield
    finally:
        stop.set()
        message_bus.stop()
        await _finish(tasks, grace)


def _start(job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.create_task(job)


async def _finish(tasks: list[asyncio.Task[None]], grace: float) -> None:
    _, late = await asyncio.wait(tasks, timeout=grace)
    for task in late:
        task.cancel()  # what it had in hand was not acknowledged and comes again
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            logger.error("event processing ended badly", exc_info=result)
