"""One process of the service: `python -m tests.chassis.chaos.process web|worker VERSION`."""

import asyncio
import logging
import signal
import sys

from app.chassis.broker.bus import open_event_bus
from app.chassis.logs import configure_logging
from app.chassis.machine import Machine
from app.chassis.settings import ChassisSettings
from app.chassis.sql.database import open_database
from app.chassis.sql.outbox import Outbox
from app.chassis.sql.revision import MACHINE
from tests.chassis.chaos.effects import FOLDER, handlers_of, subscriptions_of
from tests.chassis.sample import CODEC, Objects

SERVICE = "chaos"


async def main(role: str, version: int) -> None:
    settings = ChassisSettings.load()
    configure_logging("console", "WARNING")
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, show_tasks)
    async with open_database(settings, SERVICE, MACHINE) as database, open_event_bus(settings, SERVICE) as bus:
        container = Objects(*(handler(database, FOLDER) for handler in handlers_of(version)))
        outbox = Outbox(database, CODEC)
        machine = Machine(settings, database, outbox, bus, CODEC, container, subscriptions_of(version), [])
        async with machine.running(consume=role == "worker"):
            await stopped.wait()


def show_tasks() -> None:
    """What this process waits for, for whoever reads the log of a run that failed."""
    for task in asyncio.all_tasks():
        task.print_stack(file=sys.stderr)


async def keep_on(role: str, version: int) -> None:
    """As an orchestrator would: a start that fails, because the database is away, is tried again."""
    while True:
        try:
            return await main(role, version)
        except Exception:
            logging.getLogger(__name__).warning("starting failed, trying again", exc_info=True)
            await asyncio.sleep(0.5)


asyncio.run(keep_on(sys.argv[1], int(sys.argv[2])))
