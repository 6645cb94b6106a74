"""Do the database and the broker answer?"""

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.events import EventBus
from app.infrastructure.db.engine import read_only

TIMEOUT = 2.0  # seconds; a probe gives up after a few, and should then hear why


class SystemReadinessCheck:
    def __init__(self, engine: AsyncEngine, bus: EventBus) -> None:
        self._engine = read_only(engine)
        self._bus = bus

    async def failures(self) -> list[str]:
        checks = {"database": self._ask_database, "event-bus": self._bus.ping}
        answers = await asyncio.gather(*map(_answers, checks.values()))
        return [name for name, answer in zip(checks, answers, strict=True) if not answer]

    async def _ask_database(self) -> None:
        async with self._engine.connect() as connection:
            await connection.execute(text("SELECT 1"))


async def _answers(check: Callable[[], Awaitable[None]]) -> bool:
    try:
        async with asyncio.timeout(TIMEOUT):
            await check()
    except Exception:
        return False
    return True
