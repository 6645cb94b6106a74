"""A process that fetches, to be killed or frozen."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from app.chassis.broker.bus import EventBusSettings, open_event_bus
from app.core.events import Event
from tests.chassis.contract.harness import Harness, keep_fetching
from tests.chassis.contract.support import Inbox, event

ROOT = Path(__file__).parent.parent.parent.parent
PAUSE = 0.05  # seconds before and after storing: a wide window to be killed in


class Victim:
    """`with Victim(...) as victim`: whatever happens, the process is gone at the end.

    It appends each batch to the file `stored`, which several processes may share.
    """

    def __init__(self, harness: Harness, stored: Path) -> None:
        settings = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in harness.settings
        }
        arguments = [json.dumps(settings), harness.service, str(stored)]
        self._popen = subprocess.Popen([sys.executable, "-m", __name__, *arguments], cwd=ROOT)

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


def read_stored(stored: Path) -> Inbox:
    """An inbox with everything that the processes stored, in that order."""
    inbox = Inbox()
    for line in stored.read_text().splitlines() if stored.exists() else ():
        inbox.batches.append([event(number, subject=subject) for number, subject in json.loads(line)])
    return inbox


async def fetch(settings: EventBusSettings, service: str, stored: Path) -> None:
    file = os.open(stored, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def store(batch: Sequence[Event]) -> None:
        await asyncio.sleep(PAUSE)
        line = json.dumps([(int(one.data), one.subject) for one in batch])
        os.write(file, f"{line}\n".encode())
        await asyncio.sleep(PAUSE)

    async with open_event_bus(settings, service) as bus:
        await keep_fetching(bus, Inbox(before=store), ())


if __name__ == "__main__":
    asyncio.run(fetch(EventBusSettings.model_validate_json(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
