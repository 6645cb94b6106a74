"""Several topics are fetched at once: that of the service, and those of other services."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from app.chassis.broker.errors import TopicRefusedError

logger = logging.getLogger(__name__)

LOOK_AGAIN = 5.0  # seconds until a topic of another service is tried again
CANCEL_AGAIN = 2.5  # seconds until a task that ignored its cancellation is cancelled again


async def side_by_side(*jobs: Coroutine[Any, Any, None]) -> None:
    """Run all until they end. The first error cancels the others and is raised as it is, not in a group."""
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        await _end(tasks)
    for task in tasks:
        if not task.cancelled() and (error := task.exception()):
            raise error


def end_if_cancelled() -> None:
    """Raise a cancellation that was swallowed: before Python 3.12 `asyncio.wait_for` may lose one."""
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=CANCEL_AGAIN)


async def patiently(fetch: Callable[[], Awaitable[None]]) -> None:
    """Fetch from the topic of another service. While it is missing or refused, that holds up no other topic.

    The log says so once, not each time.
    """
    said = ""
    while True:
        try:
            await fetch()
        except TopicRefusedError as error:
            if said != str(error):
                said = str(error)
                logger.warning("%s; trying again every %.0f s", said, LOOK_AGAIN)
            await asyncio.sleep(LOOK_AGAIN)
