"""A worker in a process of its own, to be killed or frozen."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from app.core.events import Event
from app.infrastructure.events.bus import EventBusSettings, open_event_bus
from tests.contract.harness import SERVICE

ROOT = Path(__file__).parent.parent.parent


class Victim:
    """`with Victim(...) as victim`: whatever happens, the process is gone at the end.

    `hangs`: the first event it is given keeps it busy for ever. It writes the numbers of events to `output`.
    """

    def __init__(self, settings: EventBusSettings, output: Path, *, hangs: bool) -> None:
        plain = {name: v.get_secret_value() if isinstance(v, SecretStr) else v for name, v in settings}
        self._output = output
        with output.open("wb") as file:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", __name__, json.dumps(plain), json.dumps(hangs)], cwd=ROOT, stdout=file
            )

    @property
    def numbers(self) -> list[int]:
        """Of the events it was given so far."""
        return [int(line) for line in self._output.read_text().splitlines()]

    def kill(self) -> None:
        """kill -9: it says no goodbye to the broker."""
        self._popen.kill()
        self._popen.wait()

    def freeze(self) -> None:
        """As a laptop that sleeps or a host that is out of memory: it does nothing, and does not know it."""
        self._popen.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._popen.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()


async def work(settings: EventBusSettings, *, hangs: bool) -> None:
    async def receive(event: Event) -> None:
        print(event.data.decode(), flush=True)  # noqa: T201 - this is how the test hears of it
        if hangs:
            await asyncio.Event().wait()

    async with open_event_bus(settings, SERVICE) as bus:
        bus.subscribe(receive)
        await bus.run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(work(EventBusSettings.model_validate_json(sys.argv[1]), hangs=json.loads(sys.argv[2])))
