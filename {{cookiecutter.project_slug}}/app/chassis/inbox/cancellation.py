"""Tells our own cancellation from a stray one."""

import asyncio


def is_cancelled() -> bool:
    """True if this task is to end; False if the handler let a foreign CancelledError escape."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
