"""`python -m tests.chassis.worker`: a process that relays and handles events of the sample, for tests that end it.

Says `ready` when it works. Ends in good order at SIGTERM. The number of an event says what becomes of the process.
"""

import asyncio
import os
import signal
import time

from app.chassis.inbox.store import Inbox
from app.chassis.logs import configure_logging
from app.chassis.settings import ChassisSettings
from app.chassis.sql.database import Database, open_database
from app.chassis.sql.outbox import Outbox
from app.chassis.sql.revision import MACHINE
from app.core.subscriptions import Subscription
from tests.chassis.local_bus import InboxBus
from tests.chassis.sample import Counted
from tests.chassis.sample_handlers import CountInDatabase
from tests.chassis.sample_machine import SERVICE, make_machine

KILLS, BLOCKS, TAKES_A_SECOND = 900_000, 900_001, 900_002  # numbers of events


class Moody(CountInDatabase):
    def __init__(self, database: Database, outbox: Outbox) -> None:
        super().__init__(database, outbox)

    async def __call__(self, event: Counted) -> None:
        if event.number == KILLS:
            os.kill(os.getpid(), signal.SIGKILL)  # as the system does when memory is short
        if event.number == BLOCKS:
            time.sleep(600)  # noqa: ASYNC251 - that is the point
        if event.number == TAKES_A_SECOND:
            await asyncio.sleep(1)
        await super().__call__(event)


async def main() -> None:
    settings, stop = ChassisSettings.load(), asyncio.Event()
    configure_logging(settings.log_format, settings.log_level)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    subscriptions = [Subscription("moody", Counted, Moody)]
    async with open_database(settings, SERVICE, MACHINE) as database:
        machine = make_machine(settings, database, subscriptions, [Moody], InboxBus(Inbox(database)))
        async with machine.running(consume=True):
            print("ready", flush=True)  # noqa: T201
            await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
