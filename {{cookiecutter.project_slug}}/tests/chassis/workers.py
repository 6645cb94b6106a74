"""Sample workers as real processes: started, frozen, killed, and started again as an orchestrator would."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.chassis.processes import ROOT, clean
from tests.chassis.waiting import eventually


class Worker:
    def __init__(self, url: str, output: Path, **settings: Any) -> None:
        quick = {"process_lease": 1, "outbox_poll": 0.1, "handler_first_delay": 0.01, "handler_max_crashes": 1}
        environment = {name.upper(): str(value) for name, value in {**quick, **settings, "database_url": url}.items()}
        self.output = output
        with output.open("ab") as file:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "tests.chassis.worker"],
                cwd=ROOT,
                env=clean(environment),
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    async def until_ready(self) -> None:
        await eventually(lambda: self.popen.poll() is not None or b"ready" in self.output.read_bytes(), seconds=60)
        assert self.popen.poll() is None, self.output.read_text()

    def freeze(self) -> None:
        self.popen.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.popen.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.popen.terminate()
        return await asyncio.to_thread(self.popen.wait, 60)


@contextmanager
def worker(url: str, output: Path, **settings: Any) -> Iterator[Worker]:
    """Gone at the end, whatever happened."""
    started = Worker(url, output, **settings)
    try:
        yield started
    finally:
        started.kill()


async def orchestrate(url: str, folder: Path, is_over: Callable[[], Awaitable[bool]], **settings: Any) -> list[int]:
    """Keep a worker running until the work is over; the exit codes of those that ended before."""
    codes: list[int] = []
    while True:
        with worker(url, folder / f"worker-{len(codes)}", **settings) as running:
            ended = asyncio.create_task(asyncio.to_thread(running.popen.wait, 60))
            while not ended.done():
                if await is_over():
                    running.kill()
                    await ended
                    return codes
                await asyncio.wait([ended], timeout=0.1)
            codes.append(ended.result())
            assert len(codes) < 10, running.output.read_text()
