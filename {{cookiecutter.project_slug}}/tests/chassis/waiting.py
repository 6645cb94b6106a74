"""Waiting for what happens in the background."""

import asyncio
import time
from collections.abc import Awaitable, Callable


async def eventually(check: Callable[[], bool | Awaitable[bool]], seconds: float = 45.0, every: float = 0.02) -> None:
    """Return as soon as `check` is true; fail if it is not within so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        result = check()
        if result if isinstance(result, bool) else await result:
            return
        assert time.monotonic() < deadline, f"did not happen within {seconds} s"
        await asyncio.sleep(every)
