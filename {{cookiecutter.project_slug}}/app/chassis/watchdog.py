"""Ends this process if code blocks its event loop: nothing else can stop such code, and everything waits for it."""

import asyncio
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

EXIT_CODE = 70  # EX_SOFTWARE of sysexits.h


@contextmanager
def watchdog(seconds: float) -> Iterator[None]:
    """While the context is open, end the process when the event loop does nothing for so many seconds.

    Whoever supervises the process starts it again. The event in hand is tried again, and given up if it does the same
    again and again.
    """
    interval = min(1.0, seconds / 4)
    beat = [time.monotonic()]
    over = threading.Event()
    loop, main = asyncio.get_running_loop(), threading.get_ident()

    def tick() -> None:
        beat[0] = time.monotonic()
        if not over.is_set():
            loop.call_later(interval, tick)

    def watch() -> None:
        looked = time.monotonic()
        while not over.wait(interval):
            now = time.monotonic()
            if now - looked > 3 * interval:  # this thread slept too: the whole process was frozen
                beat[0] = now
            looked = now
            if now - beat[0] > seconds:
                _end(main, now - beat[0])

    tick()
    threading.Thread(target=watch, name="watchdog", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _end(main: int, seconds: float) -> None:
    frame = sys._current_frames().get(main)
    at = [f"{entry.filename}:{entry.lineno} {entry.name}" for entry in traceback.extract_stack(frame)[-5:]]
    logger.critical(
        "the event loop is blocked, ending this process", extra={"seconds": round(seconds, 1), "blocked_at": at}
    )
    os._exit(EXIT_CODE)
