"""Can this process do its work?"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sqlalchemy import text

from app.chassis.inbox.consumers import Consumer, ConsumerRegistry
from app.chassis.sql.database import Database
from app.chassis.sql.engine import read_only
from app.core.events import EventBus

TIMEOUT = 2.0  # seconds; shorter than a probe's own timeout, so that it gets an answer


class ReadOnlyError(Exception):
    """The database takes no writes: it is a standby, or a former primary."""


@dataclass(frozen=True, slots=True)
class Report:
    """`failing`: what keeps this process from working. `warnings`: what somebody should look at some day."""

    failing: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Readiness:
    def __init__(self, database: Database, bus: EventBus, consumers: dict[str, Consumer]) -> None:
        self._database = database
        self._bus = bus
        self._consumers = consumers

    async def report(self) -> Report:
        """Ask everything that is needed. Does not raise."""
        checks = {"database": self._ask_database, "event-bus": self._bus.check}
        answers = await asyncio.gather(*map(_answers, checks.values()))
        failing = [name for name, answer in zip(checks, answers, strict=True) if not answer]
        return Report(failing, [] if "database" in failing else await self._warnings())

    async def _ask_database(self) -> None:
        async with read_only(self._database.engine).connect() as connection:
            if self._database.is_postgresql:
                if (await connection.execute(text("SHOW transaction_read_only"))).scalar_one() == "on":
                    raise ReadOnlyError
            else:
                await connection.execute(text("SELECT 1"))

    async def _warnings(self) -> list[str]:
        orphans: list[str] = []

        async def look() -> None:
            orphans.extend(await ConsumerRegistry(self._database).orphans(self._consumers))

        await _answers(look)
        return [f"consumer {name} is in the database but not in this code" for name in orphans]


async def _answers(check: Callable[[], Awaitable[None]]) -> bool:
    try:
        async with asyncio.timeout(TIMEOUT):
            await check()
    except Exception:
        return False
    return True
