"""Whose cancellation is it?"""

import asyncio


def is_cancelled() -> bool:
    """True if this task is to end; false if code it called let the cancellation of something else escape."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
